"""``manage.py archive_actions``: old events out of the log."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from django_flex.actions.models import ActionEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Deletes events of finished runs, or writes them to a file first."""

    help = "Take old events out of the log of actions."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        when = parser.add_mutually_exclusive_group()
        when.add_argument("--minutes", type=int, help="older than this; default: the setting")
        when.add_argument("--before", help="from before this date or moment (ISO 8601)")
        parser.add_argument("--mode", choices=("delete", "jsonl"), default="delete")
        parser.add_argument(
            "--output", help="file that jsonl is added to; default: standard output"
        )
        parser.add_argument("--dry-run", action="store_true", help="only count them")

    def handle(self, **options: Any) -> None:
        """Archive."""
        before = None if options["before"] is None else _moment(options["before"])
        keeps = options["mode"] == "jsonl" and not options["dry_run"]
        with _opened(options["output"], self.stdout if keeps else None) as output:
            count = ActionEvent.archive(
                before,
                ttl_minutes=options["minutes"],
                keep=None if output is None else lambda events: _keep(events, output),
                dry_run=options["dry_run"],
            )
        told = "would be archived" if options["dry_run"] else "archived"
        # Where standard output takes the events, what is said about them goes elsewhere.
        says = self.stderr if keeps and options["output"] is None else self.stdout
        says.write(f"{count} events {told}.")


def _moment(text: str) -> datetime:
    """Return a moment; a day is its beginning, and one without a zone is in the project's.

    Raises:
        CommandError: it is none.
    """
    try:
        found = parse_datetime(text)
        if found is None:
            day = parse_date(text)
            found = None if day is None else datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the next line
    except ValueError as error:
        raise CommandError(f"'{text}' is no moment: {error}") from error
    if found is None:
        raise CommandError(f"'{text}' is no moment, as in 2026-01-31 or 2026-01-31T12:00:00Z")
    return timezone.make_aware(found) if timezone.is_naive(found) else found


@contextmanager
def _opened(name: str | None, stdout: Any) -> Iterator[Any]:
    """Give what events are written to, ``None`` where they are not kept."""
    if stdout is None or name is None:
        yield stdout
        return
    file: TextIO
    with Path(name).open("a", encoding="utf-8") as file:
        yield file


def _keep(events: Sequence[Any], output: Any) -> None:
    """Write events, before they are deleted."""
    # What a run in the background goes on with is no part of what happened, and sealed.
    inner = {"call", "targets"}
    names = [f.attname for f in ActionEvent._meta.concrete_fields if f.attname not in inner]
    for event in events:
        row = {name: getattr(event, name) for name in names}
        output.write(msgspec.json.encode(row).decode() + "\n")
    output.flush()
