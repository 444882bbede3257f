"""A matrix as one page of HTML that needs no other file, and no script."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.template import Context, Engine

from django_flex.matrix.reading import Section, sections, summary
from django_flex.matrix.rules import ALL_ROWS

if TYPE_CHECKING:
    from django.template import Template

    from django_flex.matrix.values import Cell, Matrix


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell of the table at the top."""

    kind: str
    text: str
    warns: bool


@dataclass(frozen=True, slots=True)
class ShownModel:
    """A row of the table at the top, and the sections below it."""

    model: str
    cells: list[ShownCell]
    sections: list[Section]


def as_html(matrix: Matrix) -> str:
    """Return a matrix as HTML; every value is escaped."""
    context = Context({"matrix": matrix, "rows": shown_models(matrix)})
    return str(_template().render(context))


def shown_models(matrix: Matrix) -> list[ShownModel]:
    """Return what is shown of each model, with a cell for each role."""
    return [
        ShownModel(model, [_cell(cells.get(role)) for role in matrix.roles], sections(cells))
        for model, cells in matrix.models.items()
    ]


def _cell(cell: Cell | None) -> ShownCell:
    if cell is None:
        return ShownCell("none", "-", warns=False)
    kind = "all" if cell.rules["rows"] == ALL_ROWS else "some"
    return ShownCell(kind, summary(cell).removesuffix(" !"), warns=bool(cell.findings))


@cache
def _template() -> Template:
    """Return the template, of an engine of its own: the project's settings do not matter."""
    folder = Path(__file__).resolve().parent / "templates"
    return Engine(dirs=[str(folder)]).get_template("matrix.html")
