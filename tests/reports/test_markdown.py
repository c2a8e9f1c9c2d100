"""Tables in Markdown."""

from __future__ import annotations

import pytest

from keypoints.reports import markdown


def test_text_is_on_the_left_and_numbers_are_on_the_right():
    rows = [["nose", "best", 3.14159, 1234567], ["face", None, None, 0]]
    assert markdown.table(["part", "option", "NME", "parameters"], rows, 2) == [
        "| part | option | NME | parameters |",
        "|---|---|---:|---:|",
        "| nose | best | 3.142 | 1,234,567 |",
        "| face |  |  | 0 |",
    ]


@pytest.mark.parametrize(
    "cell, expected",
    [
        (None, ""),
        ("", ""),
        ("3.50", "3.50"),
        (12, "12"),
        (12345, "12,345"),
        (0.0, "0"),
        (0.00012346, "0.0001235"),
    ]
    + [(12.0, "12")],
)
def test_cells(cell, expected):
    assert markdown.format_cell(cell) == expected


def test_a_table_without_rows_is_a_header():
    assert markdown.table(["a"], []) == ["| a |", "|---|"]
