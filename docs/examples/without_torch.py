"""The same by ONNX Runtime, without torch; first `python -m keypoints.export`."""

import json

import onnxruntime
import skimage  # for its photograph: pip install scikit-image
from PIL import Image

from keypoints import crops
from keypoints.predict import detectors

session = onnxruntime.InferenceSession("exports/landmarks.onnx")
about = session.get_modelmeta().custom_metadata_map
size, names = json.loads(about["size"]), json.loads(about["names"])
picture = skimage.data.astronaut()
for found in detectors.build("faces", alone=True)(picture):
    region = crops.square(found.box, float(about["scale"]))
    crop = crops.cut(Image.fromarray(picture).convert(about["mode"]), region, size)
    (points,) = session.run(["points"], {"crops": crop[None]})[0]
    points = crops.apply(crops.inverse(crops.affine(region, size)), points)
    for name, (x, y) in zip(names, points, strict=True):
        print(f"{name:9} {x:6.1f} {y:6.1f}")
