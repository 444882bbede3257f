"""Draw the table of the matrix of the music shop: ``python docs/matrix.py``.

The picture is committed. A test of the music shop fails when it is stale, and says to run this.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_flex.matrix import Matrix

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "reference" / "matrix.svg"
#: The widths of the first column and of the others, the height of a line, and the size of letters.
FIRST, OTHERS, LINE, SIZE = 120, 178, 17, 12
STYLE = (
    "text { font: 12px system-ui, sans-serif; fill: #1b1f24 } .head { font-weight: 600 }"
    " rect { stroke: #d5d9de } .none { fill: #fff } .all { fill: #e2f3e5 } .some { fill: #fff4d6 }"
)


def draw(matrix: Matrix) -> str:
    """Return the table at the top of the page of a matrix, as SVG."""
    from django_flex.matrix.page import shown_models

    rows = [("", [("none", role) for role in matrix.roles])]
    rows += [
        (one.model, [(cell.kind, cell.text) for cell in one.cells]) for one in shown_models(matrix)
    ]
    parts: list[str] = []
    top = 0
    for number, (model, cells) in enumerate(rows):
        texts = [list(_wrapped(text, OTHERS)) for _, text in cells]
        height = LINE * max(1, *map(len, texts)) + 8
        parts += _box(0, top, FIRST, height, "none", [model], head=True)
        for column, ((kind, _), lines) in enumerate(zip(cells, texts, strict=True)):
            left = FIRST + column * OTHERS
            parts += _box(left, top, OTHERS, height, kind, lines, head=not number)
        top += height
    width = FIRST + OTHERS * len(matrix.roles)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 {width + 2} {top + 2}">',
            f"<title>Who may do what in the music shop</title><style>{STYLE}</style>",
            *parts,
            "</svg>\n",
        ]
    )


def _box(
    left: int, top: int, width: int, height: int, kind: str, lines: list[str], *, head: bool
) -> Iterator[str]:
    yield f'<rect class="{kind}" x="{left}" y="{top}" width="{width}" height="{height}"/>'
    for number, line in enumerate(lines):
        y = top + 4 + SIZE + number * LINE
        weight = ' class="head"' if head else ""
        yield f'<text{weight} x="{left + 8}" y="{y}">{escape(line)}</text>'


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Yield the lines of a text; the width of its letters is estimated."""
    most, line = width // 7, ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > most:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line


def shop() -> Matrix:
    """Return the matrix of the music shop, whose settings are those of this process."""
    from django_flex.conf import get_settings
    from django_flex.http.actions import actions_of
    from django_flex.matrix import make_matrix

    settings = get_settings()
    return make_matrix(
        settings.policy,
        settings.limits,
        actions=actions_of(settings),
        capabilities_for=settings.backends.capabilities_for,
    )


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "example_project")]
    os.environ["DJANGO_SETTINGS_MODULE"] = "music_shop.settings"
    import django

    django.setup()
    TARGET.write_text(draw(shop()), encoding="utf-8")
