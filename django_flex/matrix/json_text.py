"""A matrix as JSON, with one line for each thing that is opened, so that versions can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from django_flex.matrix.grouping import Group, grouped
from django_flex.matrix.values import CLAUSES, Cell, Matrix, Opening

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Written into each file; one of another form is refused.
FORM = 1


class UnreadableMatrixError(ValueError):
    """A text is no matrix, or one of another form."""


class _Line(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Openings that only differ in the last part of their paths, which begin with ``at``."""

    clause: str
    names: tuple[str, ...]
    at: str = ""
    inside: str = ""
    values: tuple[str, ...] = ()
    by: tuple[str, ...] = ()


class _Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    granted_as: str
    rules: dict[str, str]
    findings: tuple[str, ...]
    openings: tuple[_Line, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: int
    version: str | None
    roles: tuple[str, ...]
    models: dict[str, dict[str, _Cell]]


def as_json(matrix: Matrix) -> str:
    """Return a matrix as JSON, with a newline at its end."""
    return "\n".join(_lines(matrix)) + "\n"


def read_json(text: str | bytes) -> Matrix:
    """Return the matrix of a text that ``as_json`` has written.

    Raises:
        UnreadableMatrixError: it is none.
    """
    try:
        found = msgspec.json.decode(text, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableMatrixError(str(error)) from error
    if found.form != FORM:
        raise UnreadableMatrixError(f"its form is {found.form}, and {FORM} is known")
    models = {
        name: {role: _cell(cell) for role, cell in cells.items()}
        for name, cells in found.models.items()
    }
    return Matrix(version=found.version, roles=found.roles, models=models)


def _cell(cell: _Cell) -> Cell:
    return Cell(
        granted_as=cell.granted_as,
        rules=cell.rules,
        findings=cell.findings,
        openings=tuple(sorted(_openings(cell), key=lambda one: one.order)),
    )


def _openings(cell: _Cell) -> Iterator[Opening]:
    for line in cell.openings:
        if line.clause not in CLAUSES:
            raise UnreadableMatrixError(f"there is no clause '{line.clause}'")
        for name in line.names:
            yield Opening(
                clause=line.clause,
                path=f"{line.at}{name}",
                inside=line.inside,
                values=line.values,
                by=line.by,
            )


def _lines(matrix: Matrix) -> Iterator[str]:
    yield "{"
    yield f' "form": {FORM},'
    yield f' "version": {_text(matrix.version)},'
    yield f' "roles": {_text(matrix.roles)},'
    yield ' "models": {'
    for model, is_last in _with_last(matrix.models.items()):
        yield f"  {_text(model[0])}: {{"
        for (role, cell), ends in _with_last(model[1].items()):
            yield f"   {_text(role)}: {{"
            yield f'    "granted_as": {_text(cell.granted_as)},'
            yield f'    "rules": {_text(cell.rules)},'
            yield from _listed("findings", [_text(one) for one in cell.findings], ",")
            yield from _listed(
                "openings", [_text(_line(one)) for one in grouped(cell.openings)], ""
            )
            yield "   }" + ("" if ends else ",")
        yield "  }" + ("" if is_last else ",")
    yield " }"
    yield "}"


def _line(one: Group) -> _Line:
    return _Line(
        clause=one.clause,
        names=one.names,
        at=one.at,
        inside=one.inside,
        values=one.values,
        by=one.by,
    )


def _listed(name: str, items: list[str], end: str) -> Iterator[str]:
    if not items:
        yield f'    "{name}": []{end}'
        return
    yield f'    "{name}": ['
    for item, is_last in _with_last(items):
        yield f"     {item}" + ("" if is_last else ",")
    yield f"    ]{end}"


def _with_last(items: Any) -> Iterator[tuple[Any, bool]]:
    known = list(items)
    for number, item in enumerate(known, 1):
        yield item, number == len(known)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
