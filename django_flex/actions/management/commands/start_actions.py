"""``manage.py start_actions``: create the package of a model's actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand

from django_flex.actions.management.layouts import DEFAULT_LAYOUT
from django_flex.actions.management.scaffolding import (
    REGISTRY,
    ActionsPackage,
    FileChanges,
    add_manner,
    find_package,
)

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Writes ``app/actions/<resource>/`` with an empty registry."""

    help = "Creates the folder for the actions of a model."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("app", nargs="?", help="Label of the app.")
        parser.add_argument("resource", nargs="?", help="Name of the model, such as Todo.")
        add_manner(parser)

    def handle(self, **options: object) -> None:
        """Write the files."""
        package = find_package(options)
        changes = FileChanges()
        start(package, changes)
        if changes.write(self, options):
            self.stdout.write(DEFAULT_LAYOUT.render("started", package.values()))


def start(package: ActionsPackage, changes: FileChanges) -> None:
    """Add the package of a model's actions to the files to write."""
    values = package.values()
    changes.add_package(package.app_folder, f'"""The actions of {package.config.name}."""\n')
    changes.add_package(package.folder, f'"""The actions of {values["model"]}."""\n')
    changes.added[package.folder / REGISTRY] = DEFAULT_LAYOUT.render("registry", values)
