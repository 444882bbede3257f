"""The module of a role: its models as types, and what the client needs to know at run time."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from django_flex.codegen.texts import comment, literal
from django_flex.codegen.typescript.inputs import actions_members, input_members
from django_flex.codegen.typescript.pool import Declarations
from django_flex.codegen.typescript.reads import key_of, row_members
from django_flex.codegen.typescript.rows import Reaches
from django_flex.codegen.typescript.schemas import named, union
from django_flex.describe import type_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django_flex.codegen.values import Target
    from django_flex.describe import ModelDescription, ServedModel

#: The files beside a module: what its types are made of, the client, and what TanStack Query takes.
RUNTIME = ("types.ts", "client.ts", "tanstack.ts")
_HEADER = """\
// What the role {role} may do{version}. Written by `manage.py flex_types`; do not edit.
import type * as flex from "./types.js";
"""


def runtime_files() -> Mapping[str, str]:
    """Return the files that a module of a role needs beside it, by name."""
    return {name: (files(__package__) / name).read_text(encoding="utf-8") for name in RUNTIME}


def render_typescript(target: Target, models: Sequence[ServedModel]) -> str:
    """Return a module of TypeScript of what one role may do, and of nothing else.

    Args:
        target: the role, and the API version.
        models: what the role may do with each model.
    """
    described = {one.description.summary.name: one.description for one in models}
    module = _Module(target, described)
    names = {name: module.model(name) for name in described}
    members = (f"{named(name)}: {found}" for name, found in names.items())
    module.declarations.exported(module.models, members, "The models of this role")
    version = f" in version {literal(target.version)}" if target.version else ""
    head = _HEADER.format(role=comment(literal(target.role)), version=comment(version))
    return "\n".join((head, *module.declarations.lines, _api(target, models, module.models)))


def _api(target: Target, models: Sequence[ServedModel], name: str) -> str:
    """Return what the client needs to know at run time."""
    # As a member of a literal, `__proto__` would not be a name.
    urls = "".join(
        f"    [{literal(one.description.summary.name)}]: {literal(one.url_name)},\n"
        for one in models
    )
    return f"""\
export const api: flex.Api<{name}> = {{
  prefix: {literal(target.prefix)},
  urls: {{
{urls}  }},
  camel: {_truth(target.camel)},
  statusInBody: {_truth(target.always_ok)},
  csrfHeader: {literal(target.csrf_header)},
}};
"""


def _truth(value: bool) -> str:  # noqa: FBT001
    return "true" if value else "false"


class _Module:
    """A module that is being written: its declarations, and the names of its types."""

    __slots__ = ("declarations", "described", "inputs", "models", "target", "titles")

    def __init__(self, target: Target, described: Mapping[str, ModelDescription]) -> None:
        self.target, self.described = target, described
        self.declarations = Declarations()
        free = self.declarations.free
        self.models = free("Models")
        self.titles = {name: free(title) for name, title in type_names(described).items()}
        self.inputs = {
            (name, operation): free(f"{self.titles[name]}{operation.title()}")
            for name, model in described.items()
            for operation in model.writes
        }

    def model(self, name: str) -> str:
        """Write the types of a model; return the name of the interface of all of it."""
        model, title, spelling = self.described[name], self.titles[name], self.target.spelling
        reaches = Reaches(
            title, model.reach, self.described, self.titles, self.declarations, spelling
        )
        level = reaches.levels[""]
        label = comment(str(model.summary.label))
        self.declarations.exported(title, row_members(level), f"A row without `fields`: {label}")
        for operation, write in model.writes.items():
            taken = input_members(write, operation, self.inputs, spelling)
            self.declarations.exported(self.inputs[name, operation], taken)
        add, edit = (self.inputs.get((name, one), "{}") for one in ("add", "edit"))
        actions = list(actions_members(model))
        members = (
            f"operations: {union(map(literal, model.summary.operations))}",
            f"key: {key_of(level)}",
            f"row: {title}",
            f"reach: {reaches.interface('Reach', model)}",
            f"add: {add}",
            f"edit: {edit}",
            f"actions: {self.declarations.interface('Actions', actions) if actions else '{}'}",
        )
        return self.declarations.interface(f"{title}Model", members)
