"""Every command and program in README.md, docs/ and CONTRIBUTING.md, run in a form that is fast and honest.

A command of an unknown kind fails: whoever writes it down decides here how it is tried.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
import yaml
from PIL import Image

from keypoints import __main__ as program
from keypoints import compose, paths, pretrained
from keypoints.errors import UserError
from keypoints.reports import compare
from keypoints.reports.experiments import parse_figures
from keypoints.settings import params
from keypoints.settings.recipes import validate
from keypoints.synthetic import coco

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = ("text",)  # blocks that hold no command
BOX = (180, 70, 90, 90)  # the astronaut's face
XML = "<dataset><images>{}</images></dataset>"
XML_IMAGE = "<image file='{}'><box left='180' top='70' width='90' height='90'/></image>"


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, the number of its first line, its language and its lines."""

    page: str
    line: int
    language: str
    lines: tuple[str, ...]


def blocks(page: Path) -> Iterator[Block]:
    fence: tuple[int, str, list[str]] | None = None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        mark = re.fullmatch(r"\s*```(\w*)", line)
        if mark and fence:
            yield Block(page.relative_to(ROOT).as_posix(), fence[0], fence[1], tuple(fence[2]))
            fence = None
        elif mark:
            fence = number + 1, mark[1], []
        elif fence:
            fence[2].append(line)
    assert fence is None, f"{page}: a block is not closed"


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """The commands of a block, each with the comment behind it."""
    text = re.sub(r"(\\|\|)\n\s*", r"\1 ", "\n".join(block.lines))
    for line in text.splitlines():
        command, _, comment = re.sub(r"(^|\s)# ", "\0", line, count=1).partition("\0")
        for part in command.split(" && "):
            if part.strip():
                yield part.strip(), comment.strip()


ALL = [block for page in PAGES for block in blocks(page)]
COMMANDS: dict[str, str] = {}  # command -> all that is said of it
for each in ALL:
    if each.language in ("", "sh"):
        for found, said in commands(each):
            COMMANDS[found] = f"{COMMANDS.get(found, '')} {said}"
PROGRAMS = [block for block in ALL if block.language == "python"]
SETTINGS = [block for block in ALL if block.language == "yaml"]


def test_every_block_is_of_a_known_language() -> None:
    assert {block.language for block in ALL} <= {"", "sh", "python", "yaml", *TEXT}
    assert len(COMMANDS) > 60 and PROGRAMS and SETTINGS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the pages name, with an astronaut's face on each."""
    made = tmp_path_factory.mktemp("docs")
    astronaut = Image.fromarray(skimage.data.astronaut())
    (made / "photos").mkdir()
    for name in ("photo.jpg", "photos/a.jpg", "photos/b.jpg"):
        astronaut.save(made / name)
    names = ("a.jpg", "b.jpg")
    (made / "list.xml").write_text(XML.format("".join(map(XML_IMAGE.format, names))))
    rows = [json.dumps({"file": name, "box": BOX}) for name in names]
    (made / "boxes.jsonl").write_text("\n".join(rows))
    film = cv2.VideoWriter(str(made / "film.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 25, (256, 256))
    for _ in range(3):
        film.write(np.asarray(astronaut.resize((256, 256)))[..., ::-1])
    film.release()
    for name, content in coco.members(8, 1):
        (made / "faces" / name).parent.mkdir(parents=True, exist_ok=True)
        (made / "faces" / name).write_bytes(content)
    shutil.make_archive(str(made / "faces"), "zip", made / "faces")
    (made / "models").mkdir()
    for name, part in (("landmarks", "landmarks"), ("nose", "nose"), ("own", "landmarks")):
        shutil.copyfile(pretrained.file(part, "pt"), made / f"models/{name}.pt")
    return made


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    return folder


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses at which pages were served; none is left running, and ports are free ones."""
    import uvicorn

    from keypoints.app import __main__ as app

    addresses: list[str] = []
    listen = app.listen
    monkeypatch.setattr(app, "listen", lambda port: listen(0 if 0 < port < 2**16 else -1))
    monkeypatch.setattr(
        uvicorn.Server, "run", lambda self, sockets: addresses.append(sockets[0].getsockname()[0])
    )
    return addresses


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command: str, here: Path, served: list[str]) -> None:
    words = shlex.split(re.sub(r"^(\w+=\S+ )+", "", command))
    kind = "sh" if command.startswith("(printf") else words[0]
    if kind not in KINDS:
        pytest.fail(f"{command}: no way to try {kind!r} is known: add one to KINDS")
    KINDS[kind](command, words, served)
    for name in re.findall(r"\b(?:predictions|exports|labels|inspection)/[\w./-]*\w", COMMANDS[command]):
        assert kind != "keypoints" or (here / name).exists(), f"{command}: there is no {name}"


def call(words: list[str]) -> None:
    """Run the `keypoints` command here, in this process."""
    try:
        program.main(words)
    except SystemExit as end:
        assert not end.code, f"keypoints {shlex.join(words)}: {end.code}"


def try_keypoints(command: str, words: list[str], served: list[str]) -> None:
    if re.search(r"[|<>]", command):
        done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        written = Path(words[words.index(">") + 1]).read_text() if ">" in words else done.stdout
        faces = [json.loads(line) for line in written.splitlines()]
        assert faces and all(len(face["points"]) == 68 for face in faces)
    else:
        call(words[1:])
    assert served == (["127.0.0.1"] if words[1] == "app" else [])


def try_make(command: str, words: list[str], served: list[str]) -> None:
    done = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        if line.startswith("python -m keypoints.app"):
            call(["app", *shlex.split(line)[3:]])
        if line.startswith("python -m keypoints.reports.systems"):
            check_systems(shlex.split(line)[3:])
        if line.startswith("python -m keypoints.reports.compare"):
            arguments = compare.parser().parse_args(shlex.split(line)[3:])
            assert set(arguments.parts) <= set(compose.parts())


def check_systems(words: list[str]) -> None:
    from keypoints.reports.systems import __main__ as systems

    rows: list[str] = []
    if "--only" in words:
        start = words.index("--only") + 1
        for word in words[start:]:
            if word.startswith("--"):
                break
            rows.append(word)
    systems.select(rows, cpu=True)
    source = Path(systems.__file__).read_text()
    assert all(f'"{word}"' in source for word in words if word.startswith("--"))


@cache
def pipeline() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))


def try_dvc(command: str, words: list[str], served: list[str]) -> None:
    from dvc.cli.parser import get_main_parser

    done = get_main_parser().parse_args(words[1:])  # raises for what it does not know
    if words[1] == "repro" or words[1:3] == ["exp", "run"]:
        check_overrides(getattr(done, "set_param", None) or [], getattr(done, "queue", False))
        settings = compose.read(["own=best"])  # which adds a part and leaves the others
        for target in done.targets:
            stage, _, item = target.partition("@")
            assert stage in pipeline()["stages"], f"{command}: no stage {stage}"
            assert item in ("", *settings["parts"], *settings["datasets"]), f"{command}: no {item}"
    elif words[1] == "pull":
        assert all((ROOT / target).exists() for target in done.targets)
    elif words[1] == "push":
        assert not done.targets and done.run_cache
    elif words[1:3] == ["artifacts", "get"]:
        assert done.name in pipeline()["artifacts"]
    elif words[1:3] == ["exp", "show"] and done.keep:
        check_columns("|".join(done.keep))


def check_columns(keep: str) -> None:
    """Each alternative of --keep matches the start of a column's name, for which DVC does not search."""
    columns = {"Experiment", *dict(params.leaves(params.read(ROOT / "params.yaml")))}
    for file in (ROOT / "metrics").glob("*.json"):
        columns |= {f"metrics/{file.name}:{key}" for key in json.loads(file.read_text())}
    for pattern in re.split(r"\|(?![^(]*\))", keep):
        assert any(re.match(pattern, column) for column in columns), f"--keep {pattern}: no column"


def check_overrides(overrides: list[str], sweeps: bool) -> None:
    """Each combination of a sweep composes, and makes valid settings; only a queue may sweep."""
    from dvc.utils.hydra import get_hydra_sweeps

    each = get_hydra_sweeps({"params.yaml": overrides}) if overrides else []
    assert sweeps or len(each) < 2
    for combination in each:
        assert list(combination) == ["params.yaml"]
        params.parse(compose.read(combination["params.yaml"]), "conf")


def try_python(command: str, words: list[str], served: list[str]) -> None:
    """Values are composed and checked, into no file; an example has its own test."""
    if words[1].startswith("docs/examples/"):
        assert (ROOT / words[1]).is_file()
        return
    assert words[:3] == ["python", "-m", "keypoints.compose"]
    params.parse(compose.read(words[3:]), "conf")


def try_torchrun(command: str, words: list[str], served: list[str]) -> None:
    """A module of the project, started by torch's launcher with the stage's own arguments."""
    from torch.distributed.run import get_args_parser

    done = get_args_parser().parse_args(words[1:])
    known = pipeline()["stages"]["train"]["do"]["cmd"]
    assert done.module and f"python -m {done.training_script} " in known
    assert all(word in known for word in done.training_script_args if word.startswith("--"))


def test_schedulers_run_experiments() -> None:
    """The jobs that docs/devices.md hands to Slurm and Kubernetes, with one of their rates."""
    jobs = ["\n".join(block.lines) for block in ALL if block.page == "docs/devices.md" and block.language]
    slurm, kubernetes = jobs
    assert slurm.startswith("#!/bin/bash\n#SBATCH") and yaml.safe_load(kubernetes)["kind"] == "Job"
    for job in jobs:
        found = re.search(r"dvc exp run .*", job)
        assert found
        command = re.sub(r"\$\{.*?\]\}|\$rate", "1e-3", found[0])
        try_dvc(command, shlex.split(command), [])


def try_mlflow(command: str, words: list[str], served: list[str]) -> None:
    import click
    from mlflow.cli import cli

    parser: click.Command = cli
    rest = words[1:]
    context = click.Context(cli, info_name="mlflow")
    while isinstance(parser, click.Group):
        name, found, rest = parser.resolve_command(context, rest)
        assert found is not None
        parser = found
        if isinstance(parser, click.Group):
            context = click.Context(parser, info_name=name, parent=context)
    parser.make_context(words[1], rest, parent=context)  # parses its options, and runs nothing


def try_pip(command: str, words: list[str], served: list[str]) -> None:
    if words[2] == "ray[data]":  # for an example, which has its own test
        return
    package = re.fullmatch(r"\.(?:\[(\w+)\])?", words[2])
    assert words[1] == "install" and package
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert package[1] is None or package[1] in project["optional-dependencies"]
    assert project["scripts"]["keypoints"] == "keypoints.__main__:main"


def try_docker(command: str, words: list[str], served: list[str]) -> None:
    stages = re.findall(r"^FROM \S+ AS (\w+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    if words[1] == "build":
        assert words[words.index("--target") + 1] in stages
    else:
        assert words[1] == "run"
        call(words[words.index("keypoints") + 1 :])


def try_pre_commit(command: str, words: list[str], served: list[str]) -> None:
    run = [sys.executable, "-m", "pre_commit", "validate-config", str(ROOT / ".pre-commit-config.yaml")]
    assert words[1:] == ["install"] and subprocess.run(run, capture_output=True).returncode == 0


def try_pytest(command: str, words: list[str], served: list[str]) -> None:
    assert all((ROOT / word).exists() for word in words if word.startswith("tests/"))


def try_activate(command: str, words: list[str], served: list[str]) -> None:
    assert words == [".", ".venv/bin/activate"]
    assert "VENV := .venv\n" in (ROOT / "Makefile").read_text()


def try_request(command: str, words: list[str], served: list[str]) -> None:
    """The body of the request holds the picture; a server as the same page starts it takes it."""
    body, _, request = command.partition("| curl ")
    done = subprocess.run(["bash", "-c", body], capture_output=True, check=True)
    (picture,) = json.loads(done.stdout)["inputs"]
    assert Image.open(io.BytesIO(base64.b64decode(picture["image"]))).size == (512, 512)
    port = re.search(r"http://127\.0\.0\.1:(\d+)/invocations$", request)
    assert port and any(serve.endswith(f"-p {port[1]}") for serve in COMMANDS if "models serve" in serve)


KINDS: dict[str, Callable[[str, list[str], list[str]], None]] = {
    "keypoints": try_keypoints,
    "cat": try_keypoints,
    "make": try_make,
    "dvc": try_dvc,
    "mlflow": try_mlflow,
    "python": try_python,
    "pip": try_pip,
    "docker": try_docker,
    "pre-commit": try_pre_commit,
    "pytest": try_pytest,
    ".": try_activate,
    "torchrun": try_torchrun,
    "sh": try_request,
}


def test_what_is_wrong_is_seen(here: Path) -> None:
    for words in (["dvc", "exp", "shown"], ["dvc", "repro", "--nothing"]):
        with pytest.raises(Exception, match="parser error"):
            try_dvc("", words, [])
    with pytest.raises(AssertionError):
        try_dvc("", ["dvc", "repro", "evaluated@nose"], [])
    with pytest.raises(AssertionError):
        try_dvc("", ["dvc", "exp", "show", "--keep", "Experiment|nose.json:(nme|auc_8)$"], [])
    with pytest.raises(UserError):
        try_dvc("", ["dvc", "exp", "run", "-S", "nose.train.rate=1"], [])
    with pytest.raises(Exception, match=r"[Nn]o such option"):
        try_mlflow("", ["mlflow", "ui", "--nothing"], [])
    with pytest.raises(AssertionError):
        try_make("", ["make", "nothing"], [])
    with pytest.raises(AssertionError):
        try_keypoints("", ["keypoints", "absent.jpg"], [])


@pytest.mark.parametrize("block", PROGRAMS, ids=lambda block: f"{block.page}:{block.line}")
def test_program(block: Block, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile("\n".join(block.lines), block.page, "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("block", SETTINGS, ids=lambda block: f"{block.page}:{block.line}")
def test_settings(block: Block) -> None:
    for dataset in yaml.safe_load("\n".join(block.lines)).values():
        validate(params.Dataset, dataset)


# What the pages say beside their commands.


def prose(page: Path) -> str:
    return re.sub(r"^\s*```.*?^\s*```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "results/README.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_in_the_text_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", prose(page))) <= targets


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 180


def table(first: str) -> dict[str, list[str]]:
    """The rows of the README's table whose header starts with `first`: first cell -> the other cells."""
    rows = prose(ROOT / "README.md").split(f"| {first} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("| ").split("|")] for row in rows]
    return {row[0]: row[1:] for row in cells}


def read(path: str) -> dict[str, Any]:
    return json.loads((ROOT / "results" / path).read_text())


def measured(part: str) -> dict[str, float]:
    return parse_figures((ROOT / "results/real" / paths.figures(part)).read_text())


def test_best_is_what_the_real_data_gave() -> None:
    rows = table("part")
    assert [name.strip("`") for name in rows] == list(read("real/minutes.json"))
    for name, (_, _, nme, mean, minutes, faces) in rows.items():
        part = name.strip("`")
        figures = measured(part)
        assert nme == f"{figures['nme']:.2f} %"
        assert mean == f"{figures['mean_shape_nme']:.1f} %"
        assert minutes == f"{read('real/minutes.json')[part]} min"
        assert faces == str(figures["faces"])


def test_authors_are_what_the_systems_gave() -> None:
    rows = {name.split("]")[0].strip("["): cells[1:] for name, cells in table("author").items()}
    rebuilt = {name: read(f"systems/real/{name}.json") for name in SYSTEMS}
    best = read("systems/real/landmarks-best.json")
    official = read("systems/real/youtube-best_official.json")
    anon, kim, zhou = (rebuilt[f"landmarks-{name}"] for name in ("anon", "kim", "zhou"))
    assert rows == {
        "anonymous": [anon["reported"].split()[-1], f"{anon['val_loss']:.2f}", "not comparable"],
        "Duan": ["–", percent(rebuilt["face-duan"]), percent(measured("face"))],
        "Kim": [pixels(kim["reported"].split()[-1]), pixels(kim["kaggle"]), pixels(best["kaggle"])],
        "Sagardia": ["–", percent(rebuilt["youtube-sagardia"]), percent(official)],
        "Zhou": [pixels(zhou["reported"].split()[-1]), pixels(zhou["kaggle"]), pixels(best["kaggle"])],
    }


SYSTEMS = (
    "landmarks-anon",
    "face-duan",
    "landmarks-kim",
    "youtube-sagardia",
    "landmarks-zhou",
    "heatmaps-zhou",
    "face-zhou",
)


def test_the_words_below_the_tables_have_the_same_figures() -> None:
    words = " ".join(prose(ROOT / "README.md").split())
    face, maps = read("systems/real/face-zhou.json"), read("systems/real/heatmaps-zhou.json")
    best = measured("face")["mse"]
    said = (
        f"an MSE of {face['reported'].split()[-1]} for `face` (rebuilt {face['mse']:.5f}, `best` {best:.6f})"
    )
    assert said in words
    assert f"and {pixels(maps['reported'].split()[-1])} for maps (rebuilt {pixels(maps['kaggle'])}" in words
    assert f"{pixels(read('systems/real/heatmaps-best_kaggle.json')['kaggle'])})" in words
    for name, full in (
        ("landmarks-kim", 30),
        ("landmarks-zhou", 20),
        ("face-duan", 200),
        ("landmarks-anon", 20),
    ):
        epochs = read(f"systems/real/{name}.json")["epochs"]
        assert epochs == full or f"{epochs} of {full}" in words


def test_the_targets_page_has_the_same_figures() -> None:
    reached = [
        line.split("|")[3].strip() for line in prose(ROOT / "results/targets.md").splitlines() if "|" in line
    ]
    kaggle, papers = (read(f"systems/real/landmarks-best_{name}.json") for name in ("kaggle", "300w"))
    assert {percent(papers), pixels(kaggle["kaggle"]), percent(measured("youtube"))} <= set(reached)
    assert {f"{measured('face')['mse']:.6f}", f"{measured('nose')['mae_px'] / 8:.2f} px"} <= set(reached)


def percent(row: dict[str, Any]) -> str:
    return f"{row['nme']:.2f} %"


def pixels(value: str | float) -> str:
    return f"{float(value):.2f} px"
