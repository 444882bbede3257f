"""``manage.py flex_import_directus``: models and ``EXPOSE`` from a project of Directus."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_flex.contrib.directus.importing.gaps import ImportFailedError
from django_flex.contrib.directus.importing.grants import import_grants, write_grants
from django_flex.contrib.directus.importing.models import write_models
from django_flex.contrib.directus.importing.names import Names
from django_flex.contrib.directus.importing.policies import read_policies
from django_flex.contrib.directus.importing.reading import read_file, read_server
from django_flex.contrib.directus.importing.report import write_report
from django_flex.contrib.directus.importing.snapshot import read_snapshot

#: The variable with the token, which would be seen in a list of processes otherwise.
TOKEN = "DIRECTUS_TOKEN"  # noqa: S105 - the name of the variable


class Command(BaseCommand):
    """Write files to review; nothing of the project is changed."""

    help = (
        "Writes models, EXPOSE and a report from the schema and the policies of a Directus project, "
        "as files to review."
    )
    # The project need not be in order yet.
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a snapshot or a server, and where the files go."""
        parser.add_argument(
            "source",
            help=f"a snapshot (JSON or YAML), or the URL of a server; {TOKEN} has the token",
        )
        parser.add_argument(
            "--policies",
            type=Path,
            help="JSON with the lists 'roles', 'permissions', 'policies' and 'access' of the API",
        )
        parser.add_argument(
            "--output", type=Path, default=Path("directus_import"), help="the folder (%(default)s)"
        )
        parser.add_argument("--force", action="store_true", help="replace files that are there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, translate, write.

        Raises:
            CommandError: the source cannot be read, or the files are there already.
        """
        try:
            document, policies = _read(options["source"], options["policies"])
            snapshot = read_snapshot(document)
            roles, lost = read_policies(policies)
        except (ImportFailedError, OSError) as error:
            raise CommandError(str(error)) from error
        names = Names(snapshot)
        models, gaps = write_models(names)
        grants = import_grants(roles, names, get_user_model()._meta.label_lower)
        gaps = [*gaps, *lost, *grants.gaps]
        files = {
            "models.py": models,
            "expose.py": write_grants(grants),
            "REPORT.md": write_report(snapshot, [one.name for one in roles], gaps),
        }
        self._write(options["output"], files, force=options["force"])
        self.stdout.write(
            f"{len(snapshot.collections)} collections, {len(roles)} roles, "
            f"{len(gaps)} remarks: see REPORT.md"
        )

    def _write(self, folder: Path, files: dict[str, str], *, force: bool) -> None:
        present = [name for name in files if (folder / name).exists()]
        if present and not force:
            raise CommandError(f"{folder} has {', '.join(present)} already; --force replaces them")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                (folder / name).write_text(text, encoding="utf-8")
                self.stdout.write(str(folder / name))
        except OSError as error:
            raise CommandError(str(error)) from error


def _read(source: str, policies: Path | None) -> tuple[Any, Any]:
    if source.startswith(("http://", "https://")):
        snapshot, found = read_server(source, os.environ.get(TOKEN))
        return snapshot, found if policies is None else read_file(policies)
    return read_file(Path(source)), {} if policies is None else read_file(policies)
