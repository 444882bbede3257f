"""``manage.py flex_matrix``: what each role may reach on each model, and what a change opens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from django_flex.conf import configuration
from django_flex.http.actions import actions_of
from django_flex.http.view_entries import views_with_grants
from django_flex.management.revisions import RevisionError, output_at
from django_flex.matrix import (
    Matrix,
    UnreadableMatrixError,
    ViewEntry,
    as_html,
    as_json,
    as_markdown,
    changes,
    make_matrix,
    opened,
    read_json,
)
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.management.base import CommandParser

    from django_flex.conf import Settings
    from django_flex.matrix import Change

FORMATS = {"md": as_markdown, "json": as_json, "html": as_html}


class Command(BaseCommand):
    """Prints the matrix, or compares it."""

    help = "Prints who may do what: each role on each model, and all that can be reached."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--api-version", help="API version; by default the unversioned API.")
        parser.add_argument(
            "--role", action="append", dest="roles", help="Only this role; may be repeated."
        )
        parser.add_argument(
            "--model", action="append", dest="models", help="Only this model; may be repeated."
        )
        parser.add_argument("--format", default="md", choices=FORMATS)
        parser.add_argument("--output", type=Path, help="File; by default standard output.")
        compare = parser.add_mutually_exclusive_group()
        compare.add_argument(
            "--diff",
            metavar="REF|FILE",
            help="Print what is opened and closed since a commit, or since a file of JSON.",
        )
        compare.add_argument(
            "--check",
            type=Path,
            metavar="FILE",
            help="Fail if more is opened than a file of JSON says.",
        )

    def handle(self, **options: Any) -> None:
        """Print, write or compare.

        Raises:
            CommandError: there is no such version, role or file, or more is opened.
        """
        version = options["api_version"]
        if version not in configuration().versions:
            raise CommandError(f"There is no version '{version}'")
        roles, models = options["roles"], options["models"]
        matrix = self._matrix(configuration().versions[version], roles)
        for name in models or ():
            if name not in matrix.models:
                hint = nearest(name, matrix.models)
                raise CommandError(
                    f"No entry of EXPOSE and no view is called '{name}'"
                    + (f": {hint}" if hint else "")
                )
        matrix = matrix.only(roles, models)
        if options["diff"] is not None:
            before = _before(options["diff"], version)
            self._print(changes(before.only(roles, models), matrix))
        elif options["check"] is not None:
            self._check(_read(options["check"]).only(roles, models), matrix)
        else:
            self._write(FORMATS[options["format"]](matrix), options["output"])

    def _matrix(self, settings: Settings, roles: Sequence[str] | None) -> Matrix:
        """Return the matrix of a version, and say which views are not in it."""
        views, by_code = views_with_grants(settings)
        for name in by_code:
            self.stderr.write(f"Not in the matrix: {name}, whose code decides what it grants")
        entries = [ViewEntry(name, policy, entry) for name, (policy, entry) in views.items()]
        try:
            return make_matrix(
                settings.policy,
                settings.limits,
                version=settings.version,
                actions=actions_of(settings),
                capabilities_for=settings.backends.capabilities_for,
                roles=roles,
                views=entries,
            )
        except LookupError as error:
            role = str(error.args[0])
            known = [*settings.policy.entries.values(), *(one.entry for one in entries)]
            hint = nearest(role, {name for entry in known for name in entry.grants})
            more = f": {hint}" if hint else ""
            raise CommandError(f"No entry of EXPOSE names the role '{role}'{more}") from error

    def _write(self, text: str, output: Path | None) -> None:
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error}") from error

    def _print(self, found: Sequence[Change]) -> None:
        for one in found:
            self.stdout.write(str(one))
        if not found:
            self.stdout.write("Nothing is opened or closed.")

    def _check(self, known: Matrix, matrix: Matrix) -> None:
        found = changes(known, matrix)
        self._print(found)
        more = opened(found)
        if more:
            things = "thing is" if len(more) == 1 else "things are"
            raise CommandError(
                f"{len(more)} more {things} opened. If that is intended, write the file again."
            )
        if found:
            self.stdout.write("Nothing is opened. Write the file again, so that it stays closed.")


def _before(what: str, version: str | None) -> Matrix:
    """Return the matrix of a file, or that of the settings as they are in a commit."""
    if Path(what).is_file():
        return _read(Path(what))
    arguments = ["flex_matrix", "--format", "json"]
    arguments += [] if version is None else ["--api-version", version]
    try:
        return read_json(output_at(what, arguments))
    except RevisionError as error:
        raise CommandError(str(error)) from error
    except UnreadableMatrixError as error:
        raise CommandError(f"'{what}' prints no matrix: {error}") from error


def _read(path: Path) -> Matrix:
    try:
        return read_json(path.read_bytes())
    except OSError as error:
        raise CommandError(f"The file cannot be read: {error}") from error
    except UnreadableMatrixError as error:
        raise CommandError(f"'{path}' is no matrix in JSON: {error}") from error
