"""``manage.py create_action``: the files of one action, with tests that pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from django_flex.actions.management.commands.start_actions import start
from django_flex.actions.management.scaffolding import (
    REGISTRY,
    Place,
    Writing,
    add_manner,
    check_id,
    find_place,
    given,
    is_terminal,
    template,
    with_line,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser

TYPES = ("instance", "bulk", "collection")
INPUTS = ("form", "dataclass", "serializer")
#: How a call says what it is about, in the tests: no row has this key.
_TARGETS = {"instance": '{"_id": 0}', "bulk": '{"_ids": [0]}', "collection": "{}"}


class Command(BaseCommand):
    """Writes ``app/actions/<resource>/<action_id>/`` and a line in the registry."""

    help = "Write the files of a new action, with tests."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("app", nargs="?", help="label of the app")
        parser.add_argument("resource", nargs="?", help="name of the model, as in Todo")
        parser.add_argument("action_id", nargs="?", help="id of the action, as in mark_done")
        parser.add_argument("--type", choices=TYPES, help="one row (default), rows, or the model")
        parser.add_argument("--input", choices=INPUTS, default="form", help="default: %(default)s")
        parser.add_argument("--background", action="store_true", help="it may run later")
        add_manner(parser)

    def handle(self, **options: Any) -> None:
        """Write the files."""
        place = find_place(options)
        action_id = check_id(given(options, "action_id", "Id of the action, as in mark_done"))
        values = place.values(**_about(place, action_id, _type(options), options))
        writing = Writing()
        registry = place.own / REGISTRY
        if not registry.is_file():
            start(place, writing)
        text = writing.added.pop(registry, None) or registry.read_text(encoding="utf-8")
        older = "action_list" in text
        line = template("registry_line_older" if older else "registry_line", values).rstrip("\n")
        writing.changed[registry] = with_line(text, line, registry)
        _add_files(place, values, writing, older=older)
        if writing.write(self, options):
            self.stdout.write(template("created", values))


def _type(options: Mapping[str, Any]) -> str:
    found = options["type"]
    if found is None and options["action_id"] is None and is_terminal():
        found = input(f"About one row, rows, or the model? {'/'.join(TYPES)} [instance]: ").strip()
    return found if found in TYPES else "instance"


def _about(place: Place, action_id: str, kind: str, options: Mapping[str, Any]) -> dict[str, str]:
    name, variable = "".join(map(str.capitalize, action_id.split("_"))), place.values()["variable"]
    model = place.model.__name__
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
        "older_type": "INSTANCE" if kind == "instance" else "BULK",
        "multiple": "false" if kind == "instance" else "true",
    }


def _add_files(place: Place, values: Mapping[str, str], writing: Writing, *, older: bool) -> None:
    folder = place.own / values["action_id"]
    writing.package(folder, f'"""{values["title"]}."""\n')
    writing.package(folder / "tests", f'"""Tests of {values["action_id"]}."""\n')
    if older:
        names = {"form.py": "form_older", "definition.toml": "definition_older"}
        tests = "test_older"
    else:
        input_file = f"{values['input']}.py" if values["input"] != "dataclass" else "inputs.py"
        names = {input_file: values["input"], "action.py": "action"}
        tests = "test"
    for name, source in {**names, "README.md": "readme"}.items():
        writing.added[folder / name] = template(
            source, {**values, "input_module": "", **_modules(values)}
        )
    writing.added[folder / "tests" / f"test_{values['action_id']}.py"] = template(
        tests, {**values, **_modules(values)}
    )


def _modules(values: Mapping[str, str]) -> dict[str, str]:
    kind = values["input"]
    return {"input_module": "inputs" if kind == "dataclass" else kind}
