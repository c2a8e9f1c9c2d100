"""Errors become one line, and files appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keypoints import errors, files
from keypoints.errors import Faults, UserError, import_extra, run


def raising(error: BaseException):
    def main(*_: object) -> None:
        raise error

    return main


def exit_of(error: BaseException) -> object:
    with pytest.raises(SystemExit) as caught:
        run(raising(error))
    return caught.value.code  # a text goes to stderr and means status 1


def test_run_passes_arguments_and_success_on() -> None:
    seen = []
    run(lambda *args: seen.extend(args), 1, "two")
    assert seen == [1, "two"]


def test_a_missing_package_names_the_extra_that_has_it() -> None:
    import_extra("train", "numpy")
    with pytest.raises(UserError, match=r"nowhere is not installed: pip install 'facial-keypoints\[app\]'"):
        import_extra("app", "numpy", "nowhere")


def test_a_user_error_is_its_line() -> None:
    assert exit_of(UserError("conf/: no such option")) == "error: conf/: no such option"


def test_without_a_standard_error_the_work_is_done(monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    errors.run(lambda: errors.warn("nobody hears it"))
    monkeypatch.setattr("sys.stderr", None)
    assert exit_of(UserError("conf/: no such option")) == "error: conf/: no such option"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_names_the_file(number: int) -> None:
    text = exit_of(OSError(number, "full", "models/face.pt"))
    assert text.startswith("error: no space left") and "models/face.pt" in text and "\n" not in text
    assert "an output" in exit_of(OSError(number, "full"))


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ENAMETOOLONG, errno.EMFILE])
def test_files_that_refuse_are_one_line(number: int) -> None:
    assert (
        exit_of(OSError(number, "it refuses", "a\x1b.png"))
        == "error: a\\x1b.png: it refuses: fix it and run again"
    )
    assert "error: a.png: " in exit_of(OSError(number, "it refuses", ".a.png.1.part", None, "a.png"))
    assert "memory is full" in exit_of(MemoryError())


def test_an_interrupt_is_no_traceback() -> None:
    assert exit_of(KeyboardInterrupt()) == 130


@pytest.mark.parametrize(
    "error",
    [OSError("without a number"), KeyError("bug"), ZeroDivisionError()],
    ids=lambda e: type(e).__name__,
)
def test_other_errors_propagate(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        run(raising(error))
    assert caught.value is error


@settings(max_examples=60, deadline=None)
@given(total=st.integers(1, 300), data=st.data(), percent=st.integers(0, 100))
def test_faults_stop_a_run_only_above_the_share(total: int, data: st.DataObject, percent: int) -> None:
    broken = data.draw(st.integers(0, total))
    faults = Faults("a.tar", percent / 100)
    for k in range(broken):
        faults.add(f"{k}.jpg", "cut short")
    above = broken * 100 - percent * total
    if above == 0:  # a product of floats may fall on either side of the share itself
        return
    if above > 0:
        with pytest.raises(UserError, match=rf"a\.tar: {broken} of {total} images .* 0\.jpg \(cut short\)"):
            faults.check(total)
    else:
        faults.check(total)


def test_faults_below_the_share_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    faults = Faults(Path("a.tar"), 0.5)
    faults.check(10)
    assert capsys.readouterr().err == ""
    faults.add("x.jpg", "no picture")
    faults.add_missing(["x.jpg", "y.jpg"])
    faults.check(4)  # two of four are just the share
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "2 of 4" in said and "x.jpg (no picture)" in said
    with pytest.raises(UserError, match="max_broken"):
        faults.check(3)


def test_a_file_appears_whole_in_a_new_folder(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "a.csv"
    with files.whole(target) as part:
        assert part.parent == target.parent and part.suffix == ".csv" and part != target
        part.write_text("content")
        assert not target.exists()
    assert target.read_text() == "content"
    assert list(target.parent.iterdir()) == [target]


def test_who_reads_the_old_file_reads_on(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old")
    with open(target) as reader:
        with files.whole(target) as part:
            part.write_text("new")
        assert reader.read() == "old"
    assert target.read_text() == "new"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.pt"
    target.write_text("old")
    with pytest.raises(KeyError), files.whole(target) as part:
        part.write_text("half of the n")
        raise KeyError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_before_the_first_byte_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), files.whole(tmp_path / "a.pt"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_sha256(tmp_path: Path) -> None:
    data = bytes(range(256)) * 999
    (tmp_path / "a").write_bytes(data)
    assert files.sha256(tmp_path / "a") == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    "text", ["\x1b[31mred", "a\nb", "\udcff.jpg", "a\u202eb", "\x00", "a\u2028b", "a\u200db"]
)
def test_what_is_printed_does_nothing_to_a_terminal(text):
    shown = errors.printable(text)
    assert shown.isprintable() and "\n" not in shown
    shown.encode()


@pytest.mark.parametrize(
    "text, has",
    [("\r", True), ("\x1b[2J", True), ("\x85", True), ("\udcff", True), ("é\u3000\u202f👩\u200d🦰", False)],
)
def test_odd_letters_are_no_controls(text, has):
    assert errors.has_controls(text) == has


def test_printable_text_stays_and_endless_text_ends():
    assert errors.printable("é日本.jpg") == "é日本.jpg"
    assert len(errors.printable("x" * 10**6)) < 3_000
