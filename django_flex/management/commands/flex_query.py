"""``manage.py flex_query``: what a user gets for a query, as a table, JSON or CSV."""

from __future__ import annotations

import csv
import unicodedata
from typing import TYPE_CHECKING, Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from django_flex.access.users import find_user
from django_flex.dialects.csv import cell
from django_flex.management.callers import add_caller, failure, make_query, read_object
from django_flex.query.operations import OPERATIONS, READ_OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from django.core.management.base import CommandParser

#: Of a longer text a table shows the beginning.
MAX_WIDTH = 40
FORMATS = ("table", "json", "csv")
_WIDE = frozenset({"F", "W"})


class Command(BaseCommand):
    """Prints the reply to a query."""

    help = "Runs a query with the permissions of a user, and prints what it returns."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add_caller(parser)
        parser.add_argument(
            "query",
            nargs="?",
            default="{}",
            help='The query object, as JSON: \'{"fields": "id"}\'.',
        )
        parser.add_argument("--format", default="table", choices=FORMATS)

    def handle(self, **options: Any) -> None:
        """Print the reply.

        Raises:
            CommandError: the query is refused, or writes.
        """
        spec = {"_action": "list", "shape": "list", **read_object(options["query"])}
        operation = OPERATIONS.get(str(spec["_action"]))
        if operation not in READ_OPERATIONS:
            raise CommandError("This command only reads: get, list and aggregate")
        if operation != "list":
            spec.pop("shape")
        result = make_query(options).execute(spec, user=find_user(options["user"]))
        reply = result.to_dict()
        if result.error is not None:
            raise failure(reply)
        if options["format"] == "json":
            text = msgspec.json.format(msgspec.json.encode(reply), indent=2)
            self.stdout.write(text.decode())
            return
        rows = [dict(_cells(row)) for row in _rows(reply)]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        if options["format"] == "csv":
            self._write_csv(columns, rows)
        else:
            self._write_table(columns, rows, reply)

    def _write_csv(self, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
        writer = csv.DictWriter(self.stdout, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)

    def _write_table(
        self, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], reply: Mapping[str, Any]
    ) -> None:
        cells = [[_shortened(_text(row.get(name))) for name in columns] for row in rows]
        widths = [max(map(_width, column)) for column in zip(columns, *cells, strict=True)]
        # Numbers stand at the right, so that they can be compared.
        right = [all(_is_number(row.get(name)) for row in rows) for name in columns]
        lines = [columns, ["─" * width for width in widths], *cells] if columns else []
        for line in lines:
            self.stdout.write("  ".join(map(_padded, line, widths, right)).rstrip())
        pagination = reply.get("pagination")
        more = ", and there are more" if pagination and pagination.get("has_more") else ""
        self.stdout.write(f"{len(rows)} row{'' if len(rows) == 1 else 's'}{more}")


def _rows(reply: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rows of a list or of groups; of anything else the only one."""
    results = reply.get("results", reply)
    return results if isinstance(results, list) else [results]


def _cells(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a row by their paths."""
    for name, value in row.items():
        if isinstance(value, dict) and value:
            yield from _cells(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _shortened(text: str) -> str:
    """Return a text for one line of a terminal, which obeys some control characters."""
    shown = "".join(one if one.isprintable() else " " for one in text)
    return shown if len(shown) <= MAX_WIDTH else f"{shown[: MAX_WIDTH - 1]}…"


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(one) in _WIDE for one in text)
    return len(text) + wide - sum(unicodedata.combining(one) > 0 for one in text)


def _padded(text: str, width: int, right: bool) -> str:  # noqa: FBT001 - by map
    gap = " " * (width - _width(text))
    return f"{gap}{text}" if right else f"{text}{gap}"
