"""``manage.py archive_actions``: remove old events from the log."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from django_flex.actions.models import ActionEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO, TypeAlias

    from django.core.management.base import CommandParser

    Keep: TypeAlias = Callable[[Sequence[ActionEvent]], None]


class Command(BaseCommand):
    """Deletes events of finished runs, or writes them to a file first."""

    help = "Removes old events from the log of actions."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        when = parser.add_mutually_exclusive_group()
        when.add_argument(
            "--minutes",
            type=int,
            help="Archive events older than this; by default the setting ACTION_TTL_MINUTES.",
        )
        when.add_argument(
            "--before", help="Archive events from before this date or datetime (ISO 8601)."
        )
        parser.add_argument(
            "--mode",
            choices=("delete", "jsonl"),
            help="Whether events are only deleted, or written as JSON lines first.",
        )
        parser.add_argument(
            "--output", help="File that the JSON lines are appended to; by default standard output."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only count the events.")

    def handle(self, **options: Any) -> None:
        """Archive.

        Raises:
            CommandError: the arguments make no sense, or the events cannot be written; what was
                not written is not deleted.
        """
        if options["output"] is not None and options["mode"] != "jsonl":
            raise CommandError("--output is for --mode jsonl; nothing is deleted")
        before = None if options["before"] is None else _read_datetime(options["before"])
        keeps = options["mode"] == "jsonl" and not options["dry_run"]
        try:
            with _opened(options["output"], self.stdout if keeps else None) as keep:
                count = ActionEvent.archive(
                    before, ttl_minutes=options["minutes"], keep=keep, dry_run=options["dry_run"]
                )
        except (OSError, ValueError) as error:
            raise CommandError(f"{error}; events that are not archived are still there") from error
        outcome = "would be archived" if options["dry_run"] else "archived"
        # If the events go to standard output, messages go to standard error.
        says = self.stderr if keeps and options["output"] is None else self.stdout
        says.write(f"{count} events {outcome}.")


def _read_datetime(text: str) -> datetime:
    """Return a datetime; a date means midnight, and the default time zone is the project's.

    Raises:
        CommandError: it is not a datetime.
    """
    try:
        found = parse_datetime(text)
        if found is None:
            day = parse_date(text)
            found = None if day is None else datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the next line
    except ValueError as error:
        raise CommandError(f"'{text}' is not a datetime: {error}") from error
    if found is None:
        raise CommandError(f"'{text}' is not a datetime, as in 2026-01-31 or 2026-01-31T12:00:00Z")
    aware = timezone.make_aware(found) if timezone.is_naive(found) else found
    try:
        return aware.astimezone(UTC)
    except OverflowError as error:
        raise CommandError(f"'{text}' is out of the range of datetimes") from error


@contextmanager
def _opened(name: str | None, stdout: object) -> Iterator[Keep | None]:
    """Give a function that writes events, or ``None`` if they are only deleted.

    Raises:
        OSError: the file cannot be written to.
    """
    if stdout is None:
        yield None
    elif name is None:
        yield partial(_print, stdout)
    else:
        with Path(name).open("a+b") as file:
            yield partial(_add, file)


def _print(stdout: Any, events: Sequence[ActionEvent]) -> None:
    stdout.write(_lines(events))
    stdout.flush()


def _add(file: BinaryIO, events: Sequence[ActionEvent]) -> None:
    """Append events to a file and sync it: all of them or none."""
    end = file.seek(0, os.SEEK_END)
    text = _lines(events).encode()
    if end and not _ends_a_line(file, end):
        text = b"\n" + text
    try:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    except OSError:
        os.truncate(file.fileno(), end)
        raise


def _ends_a_line(file: BinaryIO, end: int) -> bool:
    file.seek(end - 1)
    return file.read() == b"\n"


def _lines(events: Sequence[ActionEvent]) -> str:
    # The sealed call and the pending keys are state of the queue, not of the log.
    inner = {"call", "targets"}
    names = [f.attname for f in ActionEvent._meta.concrete_fields if f.attname not in inner]
    rows = ({name: getattr(event, name) for name in names} for event in events)
    return "".join(f"{msgspec.json.encode(row).decode()}\n" for row in rows)
