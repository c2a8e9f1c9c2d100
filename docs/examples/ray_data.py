"""Very many photographs by Ray Data: python docs/examples/ray_data.py PHOTOS OUT, folders or addresses."""

import json
import sys

import ray

from keypoints import Predictor


class Points:  # one for each process
    def __init__(self) -> None:
        self.predict = Predictor(threads=1)

    def __call__(self, photo: dict) -> dict:
        try:
            found = {"faces": json.dumps([face.as_dict() for face in self.predict(photo["bytes"])])}
        except ValueError as error:  # no picture: the others go on
            found = {"error": str(error)}
        return {"path": photo["path"], **found}


photos = ray.data.read_binary_files(sys.argv[1], include_paths=True)
photos.map(Points, concurrency=(1, 10_000)).write_json(sys.argv[2])  # type: ignore[arg-type]
