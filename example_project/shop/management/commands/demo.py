"""``manage.py demo``: from an empty checkout to a running shop in one command."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.db import IntegrityError, OperationalError
from django.utils import timezone

from shop import loading, server
from shop.accounts import create_accounts
from shop.loading import Progress
from shop.tour import ACCOUNTS, TOUR, curl_command


class Command(BaseCommand):
    """Prepare the database where that is still to do, then serve the shop."""

    help = "Loads the music shop, creates its users, serves it and prints queries to try."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--port",
            type=int,
            default=8000,
            help="Where to listen; the next free port is taken if this one is in use (%(default)s)",
        )
        parser.add_argument(
            "--no-server", action="store_true", help="Only prepare the database, then end"
        )
        parser.add_argument(
            "--reset",
            action="store_true",
            help="Empty the database first: fresh data, with dates up to today",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do all of it; Ctrl+C ends it at any point and the next start goes on from there."""
        try:
            self._prepare(reset=options["reset"])
            if not options["no_server"]:
                self._serve(options["port"])
        except KeyboardInterrupt:
            self._say("\nStopped.")
        except OperationalError as error:
            message = f"The database does not do its part: {error}"
            raise CommandError(message) from error

    def _prepare(self, *, reset: bool) -> None:
        self._say("Preparing the database")
        call_command("migrate", interactive=False, verbosity=0)
        if reset:
            call_command("flush", interactive=False, verbosity=0)
        if loading.is_loaded():
            self._say("The data is there already (--reset loads it anew)")
        else:
            self._load()
        create_accounts()

    def _load(self) -> None:
        self._say("Loading the Chinook data")
        try:
            loading.load(today=timezone.localdate(), report=progress_reporter(self.stdout))
        except IntegrityError as error:
            message = "The database holds other rows already: empty it with --reset"
            raise CommandError(message) from error

    def _serve(self, port: int) -> None:
        try:
            httpd = server.bind(port)
        except server.NoFreePortError:
            message = f"No port is free from {port} on: choose another with --port"
            raise CommandError(message) from None
        with httpd:
            # From here on the system accepts connections, so what is printed works at once.
            for line in welcome(f"http://{server.HOST}:{httpd.server_port}"):
                self._say(line)
            httpd.serve_forever()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def progress_reporter(stdout: OutputWrapper) -> Callable[[Progress], None]:
    """Return what shows progress: one line that changes on a terminal, else a line each fifth."""
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


def welcome(base_url: str) -> Iterator[str]:
    """Yield the lines that tell where the shop is and what to try."""
    yield f"\nThe music shop is at {base_url}/ (Ctrl+C stops it)"
    yield "\nWho can sign in, and what each sees:"
    for account in ACCOUNTS:
        yield f"  {account.username:8}{account.password:13}{account.sees}"
    yield "\nQueries to try in another terminal:"
    for number, query in enumerate(TOUR, start=1):
        yield f"\n{number}. {query.title} ({query.role})"
        yield f"   {query.shows}"
        yield f"   {curl_command(query, base_url)}"
    yield ""
