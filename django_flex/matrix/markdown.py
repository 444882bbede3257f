"""A matrix as Markdown: one table of all roles and models, then each cell in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.matrix.reading import sections, summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.matrix.reading import Section
    from django_flex.matrix.values import Matrix


def as_markdown(matrix: Matrix) -> str:
    """Return a matrix as Markdown, with a newline at its end."""
    return "\n".join(_lines(matrix)) + "\n"


def _lines(matrix: Matrix) -> Iterator[str]:
    yield "# Who may do what" + (f" in {_text(matrix.version)}" if matrix.version else "")
    yield ""
    yield _row(["model", *matrix.roles])
    yield _row(["---"] * (len(matrix.roles) + 1))
    for model, cells in matrix.models.items():
        yield _row([model, *(summary(cells.get(role)) or "-" for role in matrix.roles)])
    for model, cells in matrix.models.items():
        yield ""
        yield f"## {_text(model)}"
        for section in sections(cells):
            yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield f"### {_text(', '.join(section.titles))}"
    yield ""
    for name, rule in section.rules:
        yield f"- {_text(name)}: {_code(rule)}"
    for finding in section.findings:
        yield f"- **{_text(finding)}**"
    yield ""
    yield _row(["may", "what", "granted by"])
    yield _row(["---"] * 3)
    for line in section.lines:
        what = _code(line.names) + (f": {_text(line.values)}" if line.values else "")
        what = f"{_code(line.at)} {what}" if line.at else what
        yield _row([line.clause, what, "; ".join(map(_code, line.by))], escaped=False)


def _row(cells: list[str], *, escaped: bool = True) -> str:
    return f"| {' | '.join(map(_text, cells) if escaped else cells)} |"


def _code(text: str) -> str:
    """Return a text in the type of code, in a cell of a table."""
    ticks = "``" if "`" in text else "`"
    return f"{ticks}{text.replace('|', '&#124;')}{ticks}" if text else ""


def _text(text: str) -> str:
    """Return a text in which nothing is Markdown."""
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
