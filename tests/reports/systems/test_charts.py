"""Charts of all systems: what an author reports, and pictures that are the same twice."""

from __future__ import annotations

import pytest

from keypoints.reports.systems import charts

ROWS = [
    {
        "part": "face",
        "name": name,
        "system": f"face={name}",
        "nme": nme,
        "mean_shape_nme": 37.0,
        "val_nmes": [3 * nme, nme],
        "follow_position": 0.9,
        "follow_shape": 0.5,
        "regions": {"jaw": nme, "nose": nme / 2},
        "kaggle": nme + 1,
        "reported": "kaggle 8.50 / 8.46",
    }
    for name, nme in (("best", 4.0), ("kim", 90.0))
]


def test_figures_that_an_author_reports_are_read():
    row = {"reported": "mse 0.0016, kaggle 8.50 / 8.46"}
    assert charts.reported_figures(row, "kaggle") == [8.5, 8.46] and charts.reported_figures(row, "mse") == [
        0.0016
    ]
    assert charts.reported_figures(row, "nme") == charts.reported_figures({"reported": None}, "mse") == []


@pytest.mark.parametrize(
    "chart, key",
    [
        (charts.draw_bars, "nme"),
        (charts.draw_curves, "val_nmes"),
        (charts.draw_following, "follow_position"),
        (charts.draw_groups, "regions"),
        (charts.draw_leaderboard, "kaggle"),
    ],
)
def test_the_same_rows_give_the_same_picture(chart, key, tmp_path):
    for name in ("a.png", "b.png"):
        chart(tmp_path / name, ROWS, key)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_another_data_sets_row_is_left_out(tmp_path):
    other = ROWS[0] | {"regions": {"helen": 3.0, "afw": 4.0}}
    for name, rows in (("a.png", [*ROWS, other]), ("b.png", ROWS)):
        charts.draw_groups(tmp_path / name, rows, "regions")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
