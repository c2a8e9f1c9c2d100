"""Pages that need nothing beside themselves: styles and pictures are in them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from keypoints.pictures import colours

STYLE = (
    """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .2rem .8rem; border-bottom: 1px solid #ddd; text-align: left; }
td { font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; }
figcaption { color: #666; }
img { max-width: 100%; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; }
.row figure { flex: 1 1 20rem; margin: 0; }
"""
    + f".better {{ color: {colours.BETTER}; }} .worse {{ color: {colours.WORSE}; }}"
)


def page(title: str, body: Iterable[str]) -> str:
    """A whole page; `body` are pieces of HTML."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return "\n".join(
        [
            f"<!doctype html><html lang='en'><head>{head}</head><body>",
            f"<h1>{escape(title)}</h1>",
            *body,
            "</body></html>\n",
        ]
    )


Cell = str | tuple[str, str]  # a text, or a text and the class that colours it


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A table of texts."""
    lines = ["<table>", f"<tr>{''.join(f'<th>{escape(cell)}</th>' for cell in header)}</tr>"]
    lines += [f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows]
    return "\n".join([*lines, "</table>"])


def _cell(cell: Cell) -> str:
    text, kind = (cell, "") if isinstance(cell, str) else cell
    return f'<td class="{escape(kind)}">{escape(text)}</td>'


def side_by_side(pictures: Iterable[tuple[Path | bytes, str]]) -> str:
    """PNGs in a row, each with its caption; the row wraps."""
    return f'<div class="row">{"".join(picture(*each) for each in pictures)}</div>'


def picture(png: Path | bytes, caption: str) -> str:
    """A PNG and what is written below it."""
    content = png if isinstance(png, bytes) else png.read_bytes()
    source = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    text = escape(caption)
    return f'<figure><img src="{source}" alt="{text}"><figcaption>{text}</figcaption></figure>'
