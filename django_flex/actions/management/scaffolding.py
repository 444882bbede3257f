"""Writing new files: all of them or none, and never over what somebody wrote."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.management.base import CommandError

from django_flex.actions.registry import RESERVED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.apps import AppConfig
    from django.core.management.base import BaseCommand, CommandParser
    from django.db.models import Model

START, END = "-- START ACTION REGISTRY --", "-- END ACTION REGISTRY --"
REGISTRY = "action_registry.py"
#: What is asked for where it is missing.
ARGUMENTS = ("app", "resource", "action_id")
#: Part of the name of a module and of a URL.
_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")


def template(name: str, values: Mapping[str, str]) -> str:
    """Return one of the texts that come with the package, filled in."""
    text = files("django_flex.actions.management").joinpath("scaffold", f"{name}.txt").read_text()
    return Template(text).substitute(values)


def add_manner(parser: CommandParser) -> None:
    """Add the arguments that say how files are written."""
    parser.add_argument("--dry-run", action="store_true", help="show the files, write none")
    parser.add_argument("--force", action="store_true", help="write over files that there are")
    parser.add_argument("--yes", action="store_true", help="do not ask before writing")


def is_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def given(options: Mapping[str, Any], name: str, question: str) -> str:
    """Return an argument; on a terminal one that is missing is asked for.

    Raises:
        CommandError: it is missing, and nobody is there to be asked.
    """
    value = options[name]
    if value is None and is_terminal():
        value = input(f"{question}: ").strip()
    if not value:
        raise CommandError(f"Missing: {name.upper()} ({question.lower()})")
    return str(value)


def find_app(name: str) -> AppConfig:
    """Return an app by its label, or by the name that INSTALLED_APPS has for it.

    Raises:
        CommandError: there is none.
    """
    for config in apps.get_app_configs():
        if name.lower() in {config.label.lower(), config.name.lower()}:
            return config
    known = ", ".join(sorted(config.label for config in apps.get_app_configs()))
    raise CommandError(f"There is no app '{name}' in INSTALLED_APPS: one of {known}")


def find_model(config: AppConfig, name: str) -> type[Model]:
    """Return a model of an app, whatever the case of its name.

    Raises:
        CommandError: there is none.
    """
    for model in config.get_models():
        if model._meta.model_name == name.lower():
            return model
    known = ", ".join(model.__name__ for model in config.get_models()) or "it has none"
    raise CommandError(f"The app '{config.label}' has no model '{name}': {known}")


def check_id(name: str) -> str:
    """Return the id of an action, if it can be one.

    Raises:
        CommandError: it cannot.
    """
    if not _ID.fullmatch(name):
        raise CommandError(f"{name!r} is no id: small letters, digits and '_', as in mark_done")
    if name in RESERVED:
        raise CommandError(f"'{name}' is the name of a core operation: choose another id")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the actions of a model stand."""

    config: AppConfig
    model: type[Model]

    @property
    def folder(self) -> Path:
        """The folder of all actions of the app."""
        return Path(self.config.path) / "actions"

    @property
    def own(self) -> Path:
        """The folder of the model's actions."""
        return self.folder / str(self.model._meta.model_name)

    @property
    def package(self) -> str:
        """The model's folder as a package."""
        return f"{self.config.name}.actions.{self.model._meta.model_name}"

    def values(self, **more: str) -> dict[str, str]:
        """Return what the templates need."""
        model = self.model
        return {
            "app": self.config.label,
            "app_package": self.config.name,
            "model": model.__name__,
            "model_module": model.__module__,
            "resource": str(model._meta.model_name),
            "variable": _variable(model),
            "package": self.package,
            "start": START,
            "end": END,
            **more,
        }


def _variable(model: type[Model]) -> str:
    """Return what a function calls a row of the model."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model.__name__).lower()


def find_place(options: Mapping[str, Any]) -> Place:
    """Return the place that the arguments APP and RESOURCE name.

    Raises:
        CommandError: there is no such app or model, or its actions are one module.
    """
    config = find_app(given(options, "app", "Name of the app"))
    model = find_model(config, given(options, "resource", "Name of the model, as in Todo"))
    place = Place(config=config, model=model)
    module = place.folder.with_suffix(".py")
    if module.is_file():
        raise CommandError(f"{module} is a module: move it to {place.folder}/__init__.py first")
    return place


@dataclass(slots=True)
class Writing:
    """Files to write. ``added`` are new, ``changed`` have a line more."""

    added: dict[Path, str] = field(default_factory=dict)
    changed: dict[Path, str] = field(default_factory=dict)

    def package(self, folder: Path, text: str) -> None:
        """Want a folder to be a package; one that is stays as it is."""
        if not (folder / "__init__.py").is_file():
            self.added[folder / "__init__.py"] = text

    def write(self, command: BaseCommand, options: Mapping[str, Any]) -> bool:
        """Write all of it, if nothing stands in the way and nobody says no.

        Raises:
            CommandError: a file is there already.
        """
        taken = [path for path in self.added if path.is_file() and not options["force"]]
        if taken:
            names = ", ".join(map(_shown, taken))
            raise CommandError(f"There already: {names}. Nothing is written (--force does it)")
        if options["dry_run"]:
            for path, text in {**self.added, **self.changed}.items():
                command.stdout.write(f"--- {_shown(path)}\n{text}")
            return False
        # Who said everything on the command line has said it; who was asked sees what comes of it.
        asked = None in (options[name] for name in ARGUMENTS if name in options)
        if asked and not options["yes"] and not self._confirmed(command):
            command.stdout.write("Nothing is written.")
            return False
        for path, text in {**self.added, **self.changed}.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            command.stdout.write(
                f"{'changed' if path in self.changed else 'written'} {_shown(path)}"
            )
        return True

    def _confirmed(self, command: BaseCommand) -> bool:
        for path in (*self.added, *self.changed):
            command.stdout.write(f"  {_shown(path)}")
        return input("Write these files? [Y/n] ").strip().lower() in {"", "y", "yes"}


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def with_line(text: str, line: str, place: Path) -> str:
    """Return a registry with a line more before its end marker.

    Raises:
        CommandError: it has no markers.
    """
    found = re.search(rf"^.*{END}.*$", text, re.MULTILINE)
    if START not in text or found is None:
        raise CommandError(f"{_shown(place)} has no markers: '# {START} #', '# {END} #'")
    if line in text:
        return text
    return f"{text[: found.start()]}{line}\n{text[found.start() :]}"
