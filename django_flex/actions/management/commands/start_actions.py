"""``manage.py start_actions``: the folder in which the actions of a model stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from django_flex.actions.management.scaffolding import (
    REGISTRY,
    Place,
    Writing,
    add_manner,
    find_place,
    template,
)

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Writes ``app/actions/<resource>/`` with an empty registry."""

    help = "Prepare the folder in which the actions of a model stand."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("app", nargs="?", help="label of the app")
        parser.add_argument("resource", nargs="?", help="name of the model, as in Todo")
        add_manner(parser)

    def handle(self, **options: Any) -> None:
        """Write the files."""
        place = find_place(options)
        writing = Writing()
        start(place, writing)
        if writing.write(self, options):
            self.stdout.write(template("started", place.values()))


def start(place: Place, writing: Writing) -> None:
    """Add the folder of a model's actions to what is written."""
    values = place.values()
    writing.package(place.folder, f'"""The actions of {place.config.name}."""\n')
    writing.package(place.own, f'"""The actions of {values["model"]}."""\n')
    writing.added[place.own / REGISTRY] = template("registry", values)
