"""The faces of a photograph and their 68 points, by the weights that come with the project."""

import skimage  # for its photograph: pip install scikit-image

from keypoints import Predictor

predict = Predictor()  # or Predictor(weights="models/landmarks.pt")
for face in predict(skimage.data.astronaut()):  # a path, bytes, a Pillow image or an array
    print("face at", [round(v) for v in face.box])
    for name, (x, y) in zip(face.names, face.points, strict=True):
        print(f"{name:9} {x:6.1f} {y:6.1f}")
