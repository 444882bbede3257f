"""``manage.py flex_export``: writes any number of rows to a file."""

from __future__ import annotations

import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from django.core.management.base import BaseCommand

from django_flex.access.users import find_user
from django_flex.exceptions import FlexError
from django_flex.management.callers import add_caller, failure, make_query, read_object
from django_flex.query.operations import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.management.base import CommandParser

    from django_flex.plan.streams import Stream

#: Seconds between two reports of the progress.
_PAUSE = 0.2


class Command(BaseCommand):
    """Writes what a user may see of a model as NDJSON, CSV or JSON."""

    help = "Exports rows of a model, with the permissions of a user."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add_caller(parser)
        parser.add_argument(
            "--fields", default="*", help="Fields, as in a query: 'id, customer.name'."
        )
        parser.add_argument(
            "--filters", default="{}", help='Filters, as JSON: \'{"status": "paid"}\''
        )
        parser.add_argument("--order-by", help="Order, as in a query: '-created_at, id'.")
        parser.add_argument("--limit", type=int, help="Maximum number of rows; by default all.")
        parser.add_argument("--format", default="ndjson", choices=FORMATS)
        parser.add_argument("--output", help="File to write to; by default standard output.")
        parser.add_argument(
            "--progress", action="store_true", help="Report the progress even without a terminal."
        )

    def handle(self, **options: Any) -> None:
        """Write the rows."""
        spec = {"fields": options["fields"], "format": options["format"]}
        spec["filters"] = read_object(options["filters"])
        spec |= {key: options[key] for key in ("order_by", "limit") if options[key] is not None}
        query, user = make_query(options), find_user(options["user"])
        shown = options["progress"] or self.stderr.isatty()
        try:
            with closing(query.stream(spec, user=user)) as stream, self._open(options) as output:
                self._copy(stream, output, shown=shown)
        except FlexError as error:
            raise failure(error.to_dict()) from error
        if stream.error is not None:
            raise failure(stream.error.to_dict())

    @contextmanager
    def _open(self, options: dict[str, Any]) -> Iterator[BinaryIO]:
        if options["output"] is None:
            yield getattr(self.stdout, "buffer", sys.stdout.buffer)
            return
        with open(options["output"], "wb") as output:  # noqa: PTH123 - a path of the operator's
            yield output

    def _copy(self, stream: Stream, output: BinaryIO, *, shown: bool) -> None:
        started = last = time.monotonic()
        for piece in stream:
            output.write(piece)
            if shown and time.monotonic() - last > _PAUSE:
                last = time.monotonic()
                self._tell(stream.rows, last - started, ending="\r")
        output.flush()
        if shown:
            self._tell(stream.rows, time.monotonic() - started, ending="\n")

    def _tell(self, rows: int, seconds: float, *, ending: str) -> None:
        speed = rows / seconds if seconds else 0
        self.stderr.write(f"{rows:,} rows, {speed:,.0f} rows/s", ending=ending)
        self.stderr.flush()
