"""The same by MLflow, in any program; first `python -m keypoints.export --mlflow`."""

import base64
import io

import mlflow.pyfunc
import skimage  # for its photograph: pip install scikit-image
from PIL import Image

file = io.BytesIO()
Image.fromarray(skimage.data.astronaut()).save(file, "PNG")
model = mlflow.pyfunc.load_model("exports/landmarks-mlflow")
(faces,) = model.predict([{"image": base64.b64encode(file.getvalue()).decode()}])
for face in faces:
    for point in face["points"]:
        print(f"{point['name']:9} {point['x']:6.1f} {point['y']:6.1f}")
