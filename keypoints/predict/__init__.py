"""Points on photographs that belong to no data set: what `keypoints photo.jpg` and `Predictor` do."""
