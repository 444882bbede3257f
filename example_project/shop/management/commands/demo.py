"""``manage.py demo``: from an empty checkout to a running shop in one command."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.db import IntegrityError, OperationalError
from django.utils import timezone

from shop import loading, server
from shop.accounts import create_accounts
from shop.loading import Progress
from shop.tour import ACCOUNTS, PLAYS_TOUR, TOUR, TourQuery, curl_command


class Command(BaseCommand):
    """Prepare the database if necessary, then serve the shop."""

    help = "Loads the music shop, creates its users, serves it and prints queries to try."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--port",
            type=int,
            default=8000,
            help="Port to listen on; if it is in use, the next free one (default: %(default)s).",
        )
        parser.add_argument("--no-server", action="store_true", help="Only prepare the database.")
        parser.add_argument(
            "--reset",
            action="store_true",
            help="Empty the database first, and load it again with dates up to yesterday.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare and serve; Ctrl+C stops it at any time, and the next start continues from there."""
        try:
            self._prepare(reset=options["reset"])
            if not options["no_server"]:
                self._serve(options["port"])
        except KeyboardInterrupt:
            self._say("\nStopped.")
        except OperationalError as error:
            message = f"The database cannot be used: {error}"
            raise CommandError(message) from error

    def _prepare(self, *, reset: bool) -> None:
        self._say("Preparing the database")
        call_command("migrate", interactive=False, verbosity=0)
        if reset:
            call_command("flush", interactive=False, verbosity=0)
        if loading.is_loaded():
            self._say("The data is already loaded (--reset loads it again)")
        else:
            self._load()
        create_accounts()
        if settings.DYNAMODB_URL:
            # Imported here, since only this needs the extra `dynamodb`.
            from shop import plays

            self._say(f"Added {plays.prepare()} plays to DynamoDB")

    def _load(self) -> None:
        self._say("Loading the Chinook data")
        try:
            loading.load(today=timezone.localdate(), report=progress_reporter(self.stdout))
        except IntegrityError as error:
            message = "The database already has other rows: empty it with --reset"
            raise CommandError(message) from error

    def _serve(self, port: int) -> None:
        try:
            httpd = server.bind(port)
        except server.NoFreePortError:
            message = f"No port from {port} on is free: choose another one with --port"
            raise CommandError(message) from None
        with httpd:
            # Connections are accepted from here on, so the printed commands work immediately.
            for line in welcome(f"http://{server.HOST}:{httpd.server_port}", queries()):
                self._say(line)
            httpd.serve_forever()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def progress_reporter(stdout: OutputWrapper) -> Callable[[Progress], None]:
    """Return a function that reports progress: in one line on a terminal, else a line per fifth."""
    shown = 0

    def rewrite_line(progress: Progress) -> None:
        finished = progress.done == progress.total
        stdout.write("\r" + progress_line(progress), ending="\n" if finished else "")
        stdout.flush()

    def add_line(progress: Progress) -> None:
        nonlocal shown
        if progress.percent // 20 > shown:
            shown = progress.percent // 20
            stdout.write(progress_line(progress))
            stdout.flush()

    return rewrite_line if stdout.isatty() else add_line


def progress_line(progress: Progress) -> str:
    """Return the progress as text of constant width."""
    return f"  {progress.percent:3} %  {progress.done:6,} of {progress.total:,} rows"


def queries() -> tuple[TourQuery, ...]:
    """Return the queries that work with the databases that there are."""
    return (*TOUR, *PLAYS_TOUR) if settings.DYNAMODB_URL else TOUR


def welcome(base_url: str, tour: tuple[TourQuery, ...] = TOUR) -> Iterator[str]:
    """Yield the lines that tell where the shop is and what to try."""
    yield f"\nThe music shop is at {base_url}/ (Ctrl+C stops it)"
    yield "\nWho can sign in, and what each sees:"
    for account in ACCOUNTS:
        yield f"  {account.username:8}{account.password:13}{account.sees}"
    yield "\nQueries to try in another terminal:"
    for number, query in enumerate(tour, start=1):
        yield f"\n{number}. {query.title} ({query.role})"
        yield f"   {query.shows}"
        yield f"   {curl_command(query, base_url)}"
    yield ""
