"""Write new files: all of them or none, and never over existing ones."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import apps
from django.core.management.base import CommandError

from django_flex.actions.declare.registry import RESERVED
from django_flex.actions.management.layouts import layouts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.apps import AppConfig
    from django.core.management.base import BaseCommand, CommandParser
    from django.db.models import Model

START, END = "-- START ACTION REGISTRY --", "-- END ACTION REGISTRY --"
REGISTRY = "action_registry.py"
#: Arguments that are prompted for if they are missing.
ARGUMENTS = ("app", "resource", "action_id")
#: Ids are used in module names and in URLs.
_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: Names that the generated files use themselves.
_TAKEN = frozenset({"action", "action_registry", "registry", "tests"})


def add_manner(parser: CommandParser) -> None:
    """Add the arguments that say how files are written."""
    parser.add_argument(
        "--dry-run", action="store_true", help="Show the files without writing them."
    )
    parser.add_argument("--force", action="store_true", help="Overwrite existing files.")
    parser.add_argument("--yes", action="store_true", help="Do not ask for confirmation.")


def is_terminal() -> bool:
    """Return whether standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str) -> str:
    """Prompt for a line of text.

    Raises:
        CommandError: the user pressed Ctrl-C or Ctrl-D.
    """
    try:
        return input(question).strip()
    except (EOFError, KeyboardInterrupt) as error:
        raise CommandError("\nNothing is written.") from error


def given(options: Mapping[str, object], name: str, question: str) -> str:
    """Return an argument; on a terminal, prompt for it if it is missing.

    Raises:
        CommandError: it is missing, and standard input is not a terminal.
    """
    value = options[name]
    if value is None and is_terminal():
        value = ask(f"{question}: ")
    if not value:
        raise CommandError(f"Missing: {name.upper()} ({question.lower()})")
    return str(value)


def find_app(name: str) -> AppConfig:
    """Return an app by its label or by its name in INSTALLED_APPS.

    Raises:
        CommandError: there is none.
    """
    for config in apps.get_app_configs():
        if name.lower() in {config.label.lower(), config.name.lower()}:
            return config
    known = ", ".join(sorted(config.label for config in apps.get_app_configs()))
    raise CommandError(f"There is no app '{name}' in INSTALLED_APPS; use one of {known}")


def find_model(config: AppConfig, name: str) -> type[Model]:
    """Return a model of an app, whatever the case of its name.

    Raises:
        CommandError: there is none.
    """
    for model in config.get_models():
        if model._meta.model_name == name.lower():
            return model
    known = ", ".join(model.__name__ for model in config.get_models()) or "it has no models"
    raise CommandError(f"The app '{config.label}' has no model '{name}': {known}")


def check_id(name: str) -> str:
    """Return the id of an action if it can also name a function and a module.

    Raises:
        CommandError: it cannot.
    """
    if not _ID.fullmatch(name):
        raise CommandError(
            f"{name!r} is not an id: use lowercase letters, digits and '_', as in mark_done"
        )
    if name in RESERVED:
        raise CommandError(f"'{name}' is the name of a core operation: choose another id")
    if keyword.iskeyword(name):
        raise CommandError(f"'{name}' is a keyword of Python: choose another id")
    if hasattr(builtins, name) or name in _TAKEN:
        raise CommandError(f"'{name}' would hide another name in the code: choose another id")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionsPackage:
    """The package of the actions of a model."""

    config: AppConfig
    model: type[Model]

    @property
    def app_folder(self) -> Path:
        """The folder of all actions of the app."""
        return Path(self.config.path) / "actions"

    @property
    def folder(self) -> Path:
        """The folder of the model's actions; ``app_folder`` if the app has one registry for all."""
        return self.app_folder if self._is_flat else self.app_folder / self._folder_name

    @property
    def name(self) -> str:
        """The dotted name of the package."""
        package = f"{self.config.name}.actions"
        return package if self._is_flat else f"{package}.{self._folder_name}"

    @property
    def _folder_name(self) -> str:
        return _importable(str(self.model._meta.model_name))

    @property
    def _is_flat(self) -> bool:
        """Whether the app has one registry, and it is this model's."""
        registry = self.app_folder / REGISTRY
        if not registry.is_file():
            return False
        text, name = read(registry), str(self.model._meta.model_name)
        return any(one.resource_of(text) in {name, f"{name}s"} for one in layouts())

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
            "package": self.name,
            "start": START,
            "end": END,
            **more,
        }


def _variable(model: type[Model]) -> str:
    """Return a parameter name for a row of the model that clashes with no other parameter."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model.__name__).lower()
    return f"{name}_" if name in {"ctx", "data"} else _importable(name)


def _importable(name: str) -> str:
    """Return a name, with an underscore appended if it is a keyword."""
    return f"{name}_" if keyword.iskeyword(name) else name


def read(path: Path) -> str:
    """Return the text of a file with its line endings untouched.

    Raises:
        CommandError: it is not UTF-8 text.
    """
    try:
        return path.read_bytes().decode()
    except ValueError as error:
        raise CommandError(f"{_shown(path)} is not UTF-8 text") from error


def find_package(options: Mapping[str, object]) -> ActionsPackage:
    """Return the package that the arguments APP and RESOURCE name.

    Raises:
        CommandError: there is no such app or model, or its actions are one module.
    """
    config = find_app(given(options, "app", "Name of the app"))
    model = find_model(config, given(options, "resource", "Name of the model, such as Todo"))
    package = ActionsPackage(config=config, model=model)
    module = package.app_folder.with_suffix(".py")
    if module.is_file():
        raise CommandError(
            f"{module} is a module: move it to {package.app_folder}/__init__.py first"
        )
    return package


@dataclass(slots=True)
class FileChanges:
    """Files to write: ``added`` are new, ``changed`` get one more line."""

    added: dict[Path, str] = field(default_factory=dict)
    changed: dict[Path, str] = field(default_factory=dict)

    def add_package(self, folder: Path, text: str) -> None:
        """Add ``__init__.py`` to a folder that has none."""
        if not (folder / "__init__.py").is_file():
            self.added[folder / "__init__.py"] = text

    def write(self, command: BaseCommand, options: Mapping[str, object]) -> bool:
        """Write the files, unless one exists or the user declines.

        Raises:
            CommandError: a file is there already, cannot be written, or would not be valid Python.
        """
        self._check_syntax()
        taken = [path for path in self.added if path.is_file() and not options["force"]]
        if taken:
            names = ", ".join(map(_shown, taken))
            raise CommandError(
                f"These files exist: {names}. Nothing is written; --force overwrites them"
            )
        if options["dry_run"]:
            for path, text in {**self.added, **self.changed}.items():
                command.stdout.write(f"--- {_shown(path)}\n{text}")
            return False
        # Ask for confirmation only if arguments were prompted for.
        asked = None in (options[name] for name in ARGUMENTS if name in options)
        if asked and not options["yes"] and not self._confirmed(command):
            command.stdout.write("Nothing is written.")
            return False
        try:
            store({**self.added, **self.changed})
        except OSError as error:
            raise CommandError(f"Nothing is written: {error}") from error
        for path in (*self.added, *self.changed):
            verb = "changed" if path in self.changed else "written"
            command.stdout.write(f"{verb} {_shown(path)}")
        return True

    def _check_syntax(self) -> None:
        for path, text in {**self.added, **self.changed}.items():
            if path.suffix == ".py":
                try:
                    compile(text.removeprefix("\ufeff"), _shown(path), "exec")
                except (SyntaxError, ValueError) as error:
                    raise CommandError(
                        f"{_shown(path)} would not be valid Python: {error}. Nothing is written"
                    ) from error

    def _confirmed(self, command: BaseCommand) -> bool:
        for path in (*self.added, *self.changed):
            command.stdout.write(f"  {_shown(path)}")
        return ask("Write these files? [Y/n] ").lower() in {"", "y", "yes"}


def store(texts: Mapping[Path, str]) -> None:
    """Write files in order; on an error or an interrupt, restore everything.

    Raises:
        OSError: why one cannot be written.
    """
    undo: list[Callable[[], object]] = []
    try:
        for path, text in texts.items():
            for folder in reversed([one for one in path.parents if not one.exists()]):
                folder.mkdir()
                undo.append(folder.rmdir)
            before = path.read_bytes() if path.exists() else None
            gone = partial(path.unlink, missing_ok=True)
            undo.append(gone if before is None else partial(path.write_bytes, before))
            path.write_bytes(text.encode())
    except BaseException:
        for step in reversed(undo):
            step()
        raise


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def with_line(text: str, line: str, path: Path) -> str:
    """Return a registry with a line inserted before its end marker.

    Raises:
        CommandError: the registry has no markers.
    """
    found = re.search(rf"^.*{END}.*$", text, re.MULTILINE)
    if START not in text or found is None:
        raise CommandError(f"{_shown(path)} has no markers: '# {START} #', '# {END} #'")
    if line in text.splitlines():
        return text
    return f"{text[: found.start()]}{line}\n{text[found.start() :]}"
