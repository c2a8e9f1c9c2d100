"""Markdown tables, for every page that a command writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Cell = str | int | float | None


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]], text_columns: int = 1) -> list[str]:
    """The lines of a table: the first `text_columns` on the left, the numbers after them on the right.

    Numbers have four digits, whole ones all of theirs in groups of three; None is an empty cell.
    """
    rule = "|" + "---|" * text_columns + "---:|" * (len(header) - text_columns)
    return [row(header), rule, *(row([format_cell(cell) for cell in cells]) for cells in rows)]


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def format_cell(cell: Cell) -> str:
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return cell if cell is not None else ""
