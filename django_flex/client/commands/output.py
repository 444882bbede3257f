"""Rows as people and programs read them: a table, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from django_flex.client.shells.exporting import partial_file

Row = Mapping[str, Any]
#: Where a spreadsheet finds the beginning of a formula, whatever separates its cells; as the server.
_SKIPPED = r"[ \\\"\0\xa0\u3000\u200b\ufeff]*"
_FORMULA = re.compile(
    rf"(?:\A(?=[\r\n])|(?:\A|(?<=[;|\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]))(?={_SKIPPED}[=+\-@\t\uff1d\uff0b\uff0d\uff20]))"
)


class Format(StrEnum):
    """What ``--format`` may be."""

    table = "table"
    json = "json"
    csv = "csv"


def printable(text: str) -> str:
    """Return a text in which nothing moves the cursor of a terminal or changes its colours."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


@contextmanager
def destination(path: Path | None) -> Iterator[IO[bytes]]:
    """Open the file that is written, which appears when it is complete; without one, the output."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.flush()
    else:
        with partial_file(path) as file:
            yield file


def write(rows: Iterable[Row], form: Format, file: IO[bytes]) -> None:
    """Write rows in a format. JSON and CSV need constant memory, a table all rows."""
    match form:
        case Format.table:
            _write_table(rows, file)
        case Format.json:
            _write_json(rows, file)
        case Format.csv:
            _write_csv(rows, file)


def _write_json(rows: Iterable[Row], file: IO[bytes]) -> None:
    between = b"[\n"
    for row in rows:
        file.write(between + _json(row).encode())
        between = b",\n"
    file.write(b"[]\n" if between == b"[\n" else b"\n]\n")


def _write_csv(rows: Iterable[Row], file: IO[bytes]) -> None:
    """Write a column for each path. Rows wait in a file until the last one has named its columns."""
    with TemporaryFile() as waiting:
        columns: dict[str, None] = {}
        for row in rows:
            flat = _flat(row)
            columns |= dict.fromkeys(flat)
            waiting.write(_json(flat).encode() + b"\n")
        waiting.seek(0)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, _without_parents(columns), extrasaction="ignore")
        writer.writeheader()
        for line in waiting:
            writer.writerow({name: _cell(value) for name, value in json.loads(line).items()})
            file.write(text.getvalue().encode())
            text.seek(0)
            text.truncate()
        file.write(text.getvalue().encode())  # the names, if there were no rows


def _write_table(rows: Iterable[Row], file: IO[bytes]) -> None:
    flat = [_flat(row) for row in rows]
    columns = _without_parents(dict.fromkeys(name for row in flat for name in row))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for name in columns:
        table.add_column(Text(printable(name)), overflow="fold")
    for row in flat:
        table.add_row(*(Text(printable(_text(row.get(name)))) for name in columns))
    on_terminal = file is getattr(sys.stdout, "buffer", None) and sys.stdout.isatty()
    written = io.StringIO()
    console = Console(file=written, width=None if on_terminal else 100_000, no_color=True)
    console.print(table if columns else "no rows")
    lines = (line.rstrip() for line in written.getvalue().splitlines())
    file.write("".join(f"{line}\n" for line in lines).encode())


def _flat(row: Row, prefix: str = "") -> dict[str, Any]:
    """Return the values by their dotted paths; lists stay whole."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _without_parents(columns: Iterable[str]) -> list[str]:
    """Leave out the objects that are ``null`` in some rows, and have paths of their own in others."""
    names = list(columns)
    parents = {name[:at] for name in names for at, letter in enumerate(name) if letter == "."}
    return [name for name in names if name not in parents]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)


def _cell(value: Any) -> str:
    """Return a text in which no spreadsheet finds a formula, as the server's CSV; numbers are none."""
    text = _text(value)
    if text.removeprefix("-").replace(".", "", 1).isdecimal() or isinstance(value, float):
        return text
    return _FORMULA.sub("'", text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # noqa: TID251 # as it came from the server
