"""The reference names everything that there is, and its tables come from the code."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pkgutil import iter_modules
from types import FunctionType, ModuleType
from typing import Any

import pytest
from django.dispatch import Signal

import django_flex
import django_flex.actions
import django_flex.actions.management.commands
import django_flex.client
from django_flex import checks, signals, testing
from django_flex.actions.declare.definitions import ActionDef
from django_flex.conf import SETTINGS, VERSION_SETTINGS
from django_flex.dialects.flex.actions import KEYS as ACTION_CALL_KEYS
from django_flex.dialects.flex.parser import CONTROL_KEYS, LIST_KEYS
from django_flex.dialects.flex.parser import LATER_KEYS as LATER_QUERY_KEYS
from django_flex.exceptions import FlexError
from django_flex.policy.compile.actions import ACTION_KEYS
from django_flex.policy.compile.entries import ENTRY_KEYS
from django_flex.policy.compile.grants import GRANT_KEYS
from django_flex.policy.problems import PROBLEMS
from django_flex.query.operators import OPERATORS, TRANSFORMS
from tests.docs.pages import DOCS, pages


def generator() -> Any:
    """Return ``docs/generate.py``, which is a script in no package."""
    spec = spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATE = generator()
WRITTEN = "\n".join(path.read_text() for path in pages())


@pytest.mark.parametrize("name", GENERATE.TABLES)
def test_a_generated_table_is_fresh(name: str) -> None:
    written = (GENERATE.TARGET / f"{name}.md").read_text()

    assert written == GENERATE.TABLES[name](), "run: python docs/generate.py"


def test_every_generated_table_is_on_a_page() -> None:
    files = sorted(path.stem for path in GENERATE.TARGET.glob("*.md"))

    assert files == sorted(GENERATE.TABLES)
    assert [name for name in files if f"{{include}} _generated/{name}.md" not in WRITTEN] == []


def public(module: ModuleType, kind: type) -> list[str]:
    """Return what a module defines of a kind."""
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, kind)
        and not name.startswith("_")
        and getattr(value, "__module__", module.__name__) in {module.__name__, kind.__module__}
    ]


REGISTRIES = {
    "settings": [one.name for one in (*SETTINGS, *VERSION_SETTINGS)],
    "operators": [*OPERATORS, *TRANSFORMS],
    "error codes": [one.code for one in GENERATE.raised(FlexError)],
    "checks": [f"django_flex.{name}" for name in PROBLEMS],
    "keys of EXPOSE": [*ENTRY_KEYS, *GRANT_KEYS, *ACTION_KEYS],
    "keys of a query": sorted({*CONTROL_KEYS, *LIST_KEYS} - {*LATER_QUERY_KEYS}),
    "keys of an action": sorted({key for keys in ACTION_CALL_KEYS.values() for key in keys}),
    "public names": django_flex.__all__,
    "public names of actions": django_flex.actions.__all__,
    "public names of the client": django_flex.client.__all__,
    "parts of a definition": list(ActionDef.__dataclass_fields__),
    "commands of actions": [
        name for _, name, _ in iter_modules(django_flex.actions.management.commands.__path__)
    ],
    "test helpers": public(testing, FunctionType),
    "signals": public(signals, Signal),
}


@pytest.mark.parametrize("names", REGISTRIES.values(), ids=REGISTRIES)
def test_every_name_is_documented(names: list[str]) -> None:
    assert names
    assert [name for name in names if f"`{name}" not in WRITTEN] == []


def test_the_middleware_is_named_as_the_checks_know_it() -> None:
    assert f'"{checks.MIDDLEWARE}"' in WRITTEN
