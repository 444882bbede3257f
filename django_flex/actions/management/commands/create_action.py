"""``manage.py create_action``: the files of one action, with tests that pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from django_flex.actions.declare.registry import registry as known
from django_flex.actions.management.commands.start_actions import start
from django_flex.actions.management.layouts import DEFAULT_LAYOUT, layout_of
from django_flex.actions.management.scaffolding import (
    REGISTRY,
    ActionsPackage,
    FileChanges,
    add_manner,
    ask,
    check_id,
    find_package,
    given,
    is_terminal,
    read,
    with_line,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser

    from django_flex.actions.management.layouts import ActionLayout

TYPES = ("instance", "bulk", "collection")
INPUTS = ("form", "dataclass", "serializer")
#: Targets of the calls in generated tests; no row has this key.
_TARGETS = {"instance": '{"_id": 0}', "bulk": '{"_ids": [0]}', "collection": "{}"}


class Command(BaseCommand):
    """Writes ``app/actions/<resource>/<action_id>/`` and a line in the registry."""

    help = "Writes the files of a new action, with tests."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("app", nargs="?", help="Label of the app.")
        parser.add_argument("resource", nargs="?", help="Name of the model, such as Todo.")
        parser.add_argument("action_id", nargs="?", help="Id of the action, such as mark_done.")
        parser.add_argument(
            "--type",
            choices=TYPES,
            help="What it runs on: one row (default), many rows, or the model.",
        )
        parser.add_argument("--input", choices=INPUTS, default="form", help="default: %(default)s")
        parser.add_argument(
            "--background", action="store_true", help="Allow the action to run in the background."
        )
        add_manner(parser)

    def handle(self, **options: object) -> None:
        """Write the files."""
        package = find_package(options)
        action_id = check_id(given(options, "action_id", "Id of the action, such as mark_done"))
        if not options["force"]:
            _check_new(package, action_id)
        values = package.values(**_about(package, action_id, _type(options), options))
        changes = FileChanges()
        registry = package.folder / REGISTRY
        if not registry.is_file():
            start(package, changes)
        text = changes.added.pop(registry, None) or read(registry)
        layout = layout_of(text)
        line = layout.render("registry_line", values).rstrip("\n")
        changes.changed[registry] = with_line(text, line, registry)
        _add_files(package, values, changes, layout)
        if changes.write(self, options):
            self.stdout.write(DEFAULT_LAYOUT.render("created", values))


def _check_new(package: ActionsPackage, action_id: str) -> None:
    """Refuse the id of an existing action or module.

    Raises:
        CommandError: it is taken.
    """
    if known.has_own(package.model, action_id):
        raise CommandError(f"{package.model.__name__} already has an action '{action_id}'")
    module, folder = package.folder / f"{action_id}.py", package.folder / action_id
    if module.exists() or (folder / REGISTRY).exists():
        raise CommandError(
            f"{package.folder} already has something else with the name '{action_id}'"
        )


def _type(options: Mapping[str, Any]) -> str:
    found = options["type"]
    if found is None and options["action_id"] is None and is_terminal():
        found = ask(
            f"Does it run on one row, many rows, or the model? {'/'.join(TYPES)} [instance]: "
        )
    if found and found not in TYPES:
        raise CommandError(f"'{found}' is not a type; use one of {', '.join(TYPES)}")
    return found or "instance"


def _about(
    package: ActionsPackage, action_id: str, kind: str, options: Mapping[str, Any]
) -> dict[str, str]:
    name, variable = (
        "".join(map(str.capitalize, action_id.split("_"))),
        package.values()["variable"],
    )
    model = package.model.__name__
    targets = {
        "instance": (f"{variable}: {model}, ", f"    return {variable}\n", f" -> {model}"),
        "bulk": (f"{variable}s: list[{model}], ", "", " -> None"),
        "collection": ("", '    return {"done": True}\n', " -> dict[str, Any]"),
    }
    parameter, returned, result = targets[kind]
    called = {"instance": f"{model}(), ", "bulk": f"[{model}()], ", "collection": ""}
    background = ', background="allowed"' if options["background"] else ""
    return {
        "action_id": action_id,
        "title": action_id.replace("_", " ").capitalize(),
        "name": name,
        "type": kind,
        "input": options["input"],
        "input_module": "inputs" if options["input"] == "dataclass" else options["input"],
        "scope": "" if kind == "instance" else f', scope="{kind}"',
        "background": background,
        "parameter": parameter,
        "returned": returned or "    # The rows are the reply.\n",
        "result": result,
        "data_type": name + "Input" if options["input"] == "dataclass" else "dict[str, Any]",
        "input_name": {"form": "Form", "dataclass": "Input", "serializer": "Serializer"}[
            options["input"]
        ],
        "called": called[kind],
        "data": f"{name}Input()" if options["input"] == "dataclass" else "{}",
        "target": _TARGETS[kind],
        "status": "200" if kind == "collection" else "404",
        "url": f"{'{id}/' if kind == 'instance' else ''}actions/{action_id}/",
    }


def _add_files(
    package: ActionsPackage, values: Mapping[str, str], changes: FileChanges, layout: ActionLayout
) -> None:
    folder = package.folder / values["action_id"]
    changes.add_package(folder, f'"""{values["title"]}."""\n')
    changes.add_package(folder / "tests", f'"""Tests of {values["action_id"]}."""\n')
    for name, source in layout.files(values).items():
        changes.added[folder / name] = layout.render(source, values)
    changes.added[folder / "README.md"] = DEFAULT_LAYOUT.render("readme", values)
    tests = folder / "tests" / f"test_{values['action_id']}.py"
    changes.added[tests] = layout.render("test", values)
