"""``manage.py flex_openapi``: the OpenAPI document of what a role may do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from django_flex.conf import configuration
from django_flex.http.openapi import document_of_role
from django_flex.openapi import RELEASES
from django_flex.plan.json_values import encode
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from django_flex.conf import Settings
    from django_flex.openapi import Node

FORMATS = ("json", "yaml")


class Command(BaseCommand):
    """Prints an OpenAPI document, or writes it to a file."""

    help = "Prints the OpenAPI document of what a role may do, and of nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--role", required=True, help="A role of EXPOSE, such as anon.")
        parser.add_argument("--api-version", help="API version; by default the unversioned API.")
        parser.add_argument(
            "--openapi", default="3.1", choices=RELEASES, help="3.2 has operations by QUERY."
        )
        parser.add_argument(
            "--format", default="json", choices=FORMATS, help="yaml needs the extra of that name."
        )
        parser.add_argument("--output", type=Path, help="File; by default standard output.")

    def handle(self, **options: Any) -> None:
        """Write the document.

        Raises:
            CommandError: there is no such version or role, or it cannot be written.
        """
        version = options["api_version"]
        if version not in configuration().versions:
            raise CommandError(f"There is no version '{version}'")
        settings = configuration().versions[version]
        if settings.dialect != "flex":
            raise CommandError(f"The requests of this version are those of {settings.dialect}")
        document = _document(options["role"], settings, options["openapi"])
        text = _as_yaml(document) if options["format"] == "yaml" else _as_json(document)
        if options["output"] is None:
            self.stdout.write(text)
            return
        try:
            options["output"].write_text(f"{text}\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error}") from error


def _document(role: str, settings: Settings, release: Any) -> Node:
    try:
        return document_of_role(role, settings, release)
    except LookupError as error:
        named = {name for entry in settings.policy.entries.values() for name in entry.grants}
        hint = nearest(role, named)
        more = f": {hint}" if hint else ""
        raise CommandError(f"No entry of EXPOSE names the role '{role}'{more}") from error


def _as_json(document: Node) -> str:
    return msgspec.json.format(encode(document), indent=2).decode()


def _as_yaml(document: Node) -> str:
    try:
        import yaml
    except ImportError as error:
        raise CommandError("YAML needs PyYAML: install the extra 'yaml'") from error
    # The same values as in JSON: without the types of Python, and each in its place.
    plain = msgspec.json.decode(encode(document))
    return str(yaml.dump(plain, Dumper=_without_anchors(yaml), sort_keys=False)).rstrip("\n")


def _without_anchors(yaml: Any) -> Any:
    """Return a dumper that writes what occurs twice out twice, for readers that know no anchors."""

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        def ignore_aliases(self, data: object) -> bool:
            return True

    return Dumper
