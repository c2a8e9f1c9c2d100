"""The same faces as the real tools lay them out, for the tests; written apart from the package's writers."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.layouts import image

Point = tuple[float, float] | None
SIZES = {"photos/a.jpg": (64, 48), "photos/b.jpg": (200, 160), "c.png": (80, 120)}


@dataclass(frozen=True)
class Drawn:
    """A face in pixels whose first one has its centre at (0, 0); None for a missing point."""

    file: str
    points: tuple[Point, ...]
    box: tuple[int, int, int, int] | None


def drawn(count: int, boxes: bool = True, missing: bool = False) -> list[Drawn]:
    """A face on each picture of `SIZES`."""
    faces = []
    for k, (file, (width, height)) in enumerate(SIZES.items()):
        points: list[Point] = [
            ((7 * i + 3 * k) % width, (11 * i + i // 5 + k) % height) for i in range(count)
        ]
        if missing:
            points[k % count] = None
        faces.append(Drawn(file, tuple(points), (k, 2, 30 + k, 31) if boxes else None))
    return faces


def names(count: int) -> list[str]:
    return [f"p{k:03}" for k in range(count)]


def edge(value: float) -> float:
    return value + 0.5


def coco(faces: Sequence[Drawn]) -> dict[str, bytes]:
    """CVAT 2's "COCO Keypoints 1.0"."""
    annotations = []
    for k, face in enumerate(faces, 1):
        triples = [(edge(p[0]), edge(p[1]), 2) if p else (0, 0, 0) for p in face.points]
        annotations.append(
            {
                "id": k,
                "image_id": k,
                "category_id": 1,
                "segmentation": [],
                "area": 1.0,
                "bbox": list(face.box or ()),
                "iscrowd": 0,
                "attributes": {"occluded": False, "track_id": 0, "keyframe": True},
                "keypoints": [v for triple in triples for v in triple],
                "num_keypoints": sum(p is not None for p in face.points),
            }
        )
    category = {"id": 1, "name": "face", "supercategory": "", "keypoints": names(len(faces[0].points))}
    document = {
        "licenses": [{"name": "", "id": 0, "url": ""}],
        "info": {
            "contributor": "",
            "date_created": "",
            "description": "",
            "url": "",
            "version": "",
            "year": "",
        },
        "categories": [category | {"skeleton": []}],
        "images": [
            {
                "id": k,
                "width": SIZES[face.file][0],
                "height": SIZES[face.file][1],
                "file_name": face.file,
                "license": 0,
                "flickr_url": "",
                "coco_url": "",
                "date_captured": 0,
            }
            for k, face in enumerate(faces, 1)
        ],
        "annotations": annotations,
    }
    return {"annotations/person_keypoints_default.json": json.dumps(document).encode()}


def dlib(faces: Sequence[Drawn], label: Callable[[int], str] = lambda k: f"p{k:03}") -> dict[str, bytes]:
    """imglab's, parts by name."""
    images = []
    for face in faces:
        parts = "".join(
            f"      <part name='{label(k)}' x='{p[0]}' y='{p[1]}'/>\n" for k, p in enumerate(face.points) if p
        )
        left, top, width, height = face.box or (0, 0, 1, 1)
        sides = zip(("width", "height"), SIZES.get(face.file, ()), strict=False)  # older lists have none
        size = "".join(f" {side}='{pixels}'" for side, pixels in sides)
        images.append(
            f"  <image file='{face.file}'{size}>\n"
            f"    <box top='{top}' left='{left}' width='{width}' height='{height}'>\n"
            f"      <label>face</label>\n{parts}    </box>\n"
            "    <box top='1' left='1' width='9' height='9' ignore='1'/>\n  </image>\n"
        )
    head = "<?xml version='1.0' encoding='ISO-8859-1'?>\n<?xml-stylesheet type='text/xsl' href='x.xsl'?>\n"
    body = (
        f"<dataset>\n<name>imglab dataset</name>\n<comment>c</comment>\n<images>\n{''.join(images)}</images>"
    )
    return {"faces.xml": f"{head}{body}\n</dataset>".encode()}


def dlib_numbers(faces: Sequence[Drawn]) -> dict[str, bytes]:
    return dlib(faces, str)


def labelme(faces: Sequence[Drawn]) -> dict[str, bytes]:
    """labelme 5's, beside the pictures, with the picture inside."""
    files = {}
    for face in faces:
        named = zip(names(len(face.points)), face.points, strict=True)
        shapes: list[dict[str, Any]] = [
            {"label": name, "points": [[edge(p[0]), edge(p[1])]], "shape_type": "point"}
            for name, p in named
            if p
        ]
        if face.box:
            x, y, width, height = face.box
            corners = [[x + width, y + height], [x, y]]
            shapes.insert(1, {"label": "face", "points": corners, "shape_type": "rectangle"})
        common = {"group_id": None, "description": "", "flags": {}, "mask": None}
        folder, _, name = face.file.rpartition("/")
        document = {
            "version": "5.8.1",
            "flags": {},
            "shapes": [shape | common for shape in shapes],
            "imagePath": name,
            "imageData": "aGk=" * 100,
            "imageHeight": SIZES[face.file][1],
            "imageWidth": SIZES[face.file][0],
        }
        files[f"{folder}/{name.split('.')[0]}.json".lstrip("/")] = json.dumps(document, indent=2).encode()
    return files


def label_studio(faces: Sequence[Drawn]) -> dict[str, bytes]:
    """Label Studio 1's JSON, from local files."""
    tasks = []
    for k, face in enumerate(faces):
        width, height = SIZES[face.file]
        common = {"original_width": width, "original_height": height, "image_rotation": 0, "to_name": "image"}
        named = zip(names(len(face.points)), face.points, strict=True)
        result = [
            {
                "id": f"r{i}",
                "type": "keypointlabels",
                "from_name": "points",
                "origin": "manual",
                "value": {
                    "x": edge(p[0]) / width * 100,
                    "y": edge(p[1]) / height * 100,
                    "width": 0.5,
                    "keypointlabels": [name],
                },
            }
            for i, (name, p) in enumerate(named)
            if p
        ]
        if face.box:
            x, y, across, down = face.box
            value = {
                "x": x / width * 100,
                "y": y / height * 100,
                "width": across / width * 100,
                "height": down / height * 100,
                "rotation": 0,
                "rectanglelabels": ["Face"],
            }
            result.append({"id": "box", "type": "rectanglelabels", "from_name": "box", "value": value})
        task = {
            "id": k,
            "annotations": [{"id": k, "was_cancelled": False, "result": [each | common for each in result]}],
            "data": {"image": f"/data/local-files/?d={face.file.replace('/', '%2F')}"},
            "project": 1,
        }
        tasks.append(task)
    return {"project-1-at-2026-11-26.json": json.dumps(tasks).encode()}


def pts(faces: Sequence[Drawn]) -> dict[str, bytes]:
    files = {}
    for face in faces:
        rows = "".join(f"{p[0] + 1:.3f} {p[1] + 1:.3f}\n" for p in face.points if p)
        text = f"version: 1\nn_points:  {len(face.points)}\n{{\n{rows}}}\n"
        files[f"{face.file.rpartition('.')[0]}.pts"] = text.encode()
    return files


def csv_long(faces: Sequence[Drawn]) -> dict[str, bytes]:
    lines = ["file,name,x,y,left,top,width,height"]
    for face in faces:
        box = ",".join(map(str, face.box or ("",) * 4))
        for name, p in zip(names(len(face.points)), face.points, strict=True):
            lines.append(f"{face.file},{name},{p[0] if p else ''},{p[1] if p else ''},{box}")
    return {"points.csv": "\r\n".join([*lines, ""]).encode()}


def csv_wide(
    faces: Sequence[Drawn], head: Callable[[int], str] = lambda k: f"p{k:03}_x;p{k:03}_y"
) -> dict[str, bytes]:
    """Between semicolons, with a byte-order mark, as spreadsheets write it."""
    points = ";".join(map(head, range(len(faces[0].points))))
    lines = [f"Filename;{points};left;top;width;height"]
    for face in faces:
        cells = [str(p[axis]) if p else "" for p in face.points for axis in (0, 1)]
        lines.append(";".join([face.file, *cells, *map(str, face.box or ("",) * 4)]))
    return {"points.csv": b"\xef\xbb\xbf" + "\n".join(lines).encode()}


def csv_numbers(faces: Sequence[Drawn]) -> dict[str, bytes]:
    return csv_wide(faces, lambda k: f"x{k};y{k}")


def json_lines(faces: Sequence[Drawn]) -> dict[str, bytes]:
    """`keypoints --json`, with what else a line may say."""
    lines = []
    for face in faces:
        named = zip(names(len(face.points)), face.points, strict=True)
        points = [{"name": name, "x": p[0], "y": p[1]} for name, p in named if p]
        line = {"file": face.file, "box": face.box, "score": 0.9, "points": points}
        lines.append(json.dumps(line | {"pose": {"yaw": 1.5}}) + "\n")
    return {"faces.jsonl": "".join(lines).encode()}


def wflw(faces: Sequence[Drawn]) -> dict[str, bytes]:
    lines = []
    for face in faces:
        points = " ".join(f"{p[0]:.6f} {p[1]:.6f}" for p in face.points if p)
        x, y, width, height = face.box or (0, 0, 1, 1)
        lines.append(f"{points} {x} {y} {x + width} {y + height} 0 1 0 0 0 1 {face.file}\n")
    folder = "WFLW_annotations/list_98pt_rect_attr_train_test/"
    bare = [" ".join([*line.split()[:196], line.split()[-1]]) + "\n" for line in lines]
    return {
        f"{folder}list_98pt_rect_attr_train.txt": "".join(lines).encode(),
        "WFLW_annotations/list_98pt_test/list_98pt_test_blur.txt": "".join(bare).encode(),
    }


def kaggle(rows: Sequence[Sequence[float | None]]) -> dict[str, bytes]:
    """training.csv with two points and a column of pixels."""
    lines = ["left_eye_center_x,left_eye_center_y,nose_tip_x,nose_tip_y,Image"]
    for k, row in enumerate(rows):
        pixels = " ".join(str((i + k) % 256) for i in range(96 * 96))
        lines.append(",".join(["" if v is None or math.isnan(v) else str(v) for v in row] + [pixels]))
    return {"training.csv": "\n".join(lines).encode()}


LAYOUTS: dict[str, Callable[[Sequence[Drawn]], dict[str, bytes]]] = {
    "coco": coco,
    "dlib": dlib,
    "dlib by number": dlib_numbers,
    "labelme": labelme,
    "Label Studio": label_studio,
    "pts": pts,
    "long CSV": csv_long,
    "wide CSV": csv_wide,
    "wide CSV by number": csv_numbers,
    "JSON lines": json_lines,
    "WFLW": wflw,
}
KINDS = {
    "coco": "coco",
    "dlib": "dlib_xml",
    "dlib by number": "dlib_xml",
    "labelme": "labelme",
    "Label Studio": "label_studio",
    "pts": "pts",
    "long CSV": "csv_tables",
    "wide CSV": "csv_tables",
    "wide CSV by number": "csv_tables",
    "JSON lines": "json_lines",
    "WFLW": "wflw",
}
PICTURES = {file: image(size, kind="PNG" if file.endswith("png") else "JPEG") for file, size in SIZES.items()}


def lay(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files, and the pictures, into a folder."""
    for name, data in (PICTURES | files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder
