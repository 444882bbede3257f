"""``manage.py flex_types``: what roles may do, as types of TypeScript or Python."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from django_flex.codegen import Target, render_python, render_typescript, runtime_files
from django_flex.conf import configuration
from django_flex.http.served import csrf_header_of, models_of_role, spelling_of
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser

    from django_flex.conf import Settings

ENDINGS = {"typescript": "ts", "python": "py"}


class Command(BaseCommand):
    """Prints the types of a role, or writes those of several into a folder."""

    help = "Writes what roles may do, and nothing else, as types of TypeScript or Python."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("language", choices=[*ENDINGS])
        parser.add_argument(
            "--role",
            action="append",
            help="A role of EXPOSE, such as anon; may be repeated. By default all that it names.",
        )
        parser.add_argument("--api-version", help="API version; by default the unversioned API.")
        parser.add_argument(
            "--output",
            type=Path,
            help="Folder for a module of each role; by default one is printed.",
        )

    def handle(self, **options: Any) -> None:
        """Write the modules.

        Raises:
            CommandError: there is no such version or role, or they cannot be written.
        """
        settings = _settings(options["api_version"])
        roles = options["role"] or sorted(_named(settings))
        if options["output"] is None and len(roles) != 1:
            raise CommandError("Name one --role to print, or an --output folder for all of them")
        language = options["language"]
        modules = {
            f"{_file_name(role)}.{ENDINGS[language]}": _module(role, settings, language)
            for role in roles
        }
        if options["output"] is None:
            self.stdout.write("".join(modules.values()), ending="")
            return
        if len(modules) != len(roles):
            raise CommandError("Two roles have the same file name; write them into two folders")
        more = runtime_files() if language == "typescript" else {}
        for path in _written(options["output"], {**more, **modules}):
            self.stdout.write(str(path))


def _settings(version: str | None) -> Settings:
    if version not in configuration().versions:
        raise CommandError(f"There is no version '{version}'")
    settings = configuration().versions[version]
    if settings.dialect != "flex":
        raise CommandError(f"The requests of this version are those of {settings.dialect}")
    return settings


def _named(settings: Settings) -> set[str]:
    return {name for entry in settings.policy.entries.values() for name in entry.grants}


def _module(role: str, settings: Settings, language: str) -> str:
    try:
        models = models_of_role(role, settings)
    except LookupError as error:
        hint = nearest(role, _named(settings))
        more = f": {hint}" if hint else ""
        raise CommandError(f"No entry of EXPOSE names the role '{role}'{more}") from error
    target = Target(
        role=role,
        prefix=settings.path,
        version=settings.version,
        camel=settings.policy.schema.naming is not None,
        always_ok=settings.always_http_200,
        csrf_header=csrf_header_of(settings),
        spelling=spelling_of(settings),
    )
    if language == "typescript":
        return render_typescript(target, models)
    try:
        return render_python(target, models)
    except ImportError as error:
        raise CommandError("The models need pydantic: install the extra 'client'") from error


def _file_name(role: str) -> str:
    """Return the name of the module of a role: letters and digits, as an import can have them."""
    name = re.sub(r"[^a-z0-9]+", "_", role.lower()).strip("_")
    # The client's own files, and what no module can be called.
    return (
        name
        if re.match(r"[a-z]", name) and name not in {"client", "tanstack", "types"}
        else f"role_{name}"
    )


def _written(folder: Path, modules: Mapping[str, str]) -> list[Path]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in modules.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"The folder cannot be written: {error}") from error
    return [folder / name for name in modules]
