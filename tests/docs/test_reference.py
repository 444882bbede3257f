"""The reference names everything that there is, and its tables come from the code."""

from __future__ import annotations

import re
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterable, Iterator
from dataclasses import fields
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from itertools import chain
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from django.core.management import BaseCommand, load_command_class
from django.dispatch import Signal
from django.test import Client

import django_flex
import django_flex.actions
import django_flex.client
from django_flex import checks, signals, testing
from django_flex.actions.declare.definitions import ActionDef
from django_flex.conf import SETTINGS, VERSION_SETTINGS
from django_flex.conf.groups import AGENT_TOOLS, Agents
from django_flex.dialects.flex.actions import KEYS as ACTION_CALL_KEYS
from django_flex.dialects.flex.batch import KEYS as BATCH_KEYS
from django_flex.dialects.flex.mutations import KEYS as WRITE_KEYS
from django_flex.dialects.flex.parser import KEYS as QUERY_KEYS
from django_flex.dialects.flex.parser import LIST_KEYS, RESERVED
from django_flex.dialects.flex.related import KEYS as RELATED_KEYS
from django_flex.exceptions import FlexError
from django_flex.openapi.replies import _error
from django_flex.plan.capabilities import Capabilities
from django_flex.policy.compile.actions import ACTION_KEYS
from django_flex.policy.compile.entries import ENTRY_KEYS
from django_flex.policy.compile.files import KEYS as FILE_KEYS
from django_flex.policy.compile.grants import GRANT_KEYS
from django_flex.policy.compile.writes import HOOKS, OPERATION_KEYS
from django_flex.policy.problems import PROBLEMS
from django_flex.query.aggregates import FUNCTIONS, TEXT_PARTS, TRUNCATIONS
from django_flex.query.filters import CONNECTORS, DYNAMIC, QUANTIFIERS
from django_flex.query.kinds import KINDS
from django_flex.query.operations import FORMATS, OPERATIONS
from django_flex.query.operators import OPERATORS, TRANSFORMS
from django_flex.resolved.updates import APPEND, INCREMENT, REMOVE
from tests.docs.pages import DOCS, ROOT, pages

PACKAGE = ROOT / "django_flex"
REFERENCE = DOCS / "reference"
#: Where headers of the API are read and set.
WITH_HEADERS = ("actions", "dialects", "engine", "exceptions", "http", "idempotency", "plan")
WITH_LIMITS = (PACKAGE / "throttling.py", PACKAGE / "capacity.py")
#: Headers that mean here what they mean everywhere.
HEADERS_OF_HTTP = {"Content-Encoding", "Content-Length", "Content-Security-Policy"}
HEADERS_OF_HTTP |= {"Content-Type", "X-Content-Type-Options"}
#: The page of the reference that describes each command.
PAGES_OF_COMMANDS = {
    **dict.fromkeys(("flex_query", "flex_export", "flex_explain", "flex_init"), "python-api"),
    "flex_matrix": "matrix",
    "flex_mcp": "agents",
    "flex_openapi": "openapi",
    "flex_types": "types",
    "flex_why": "why",
    "flex_token": "tokens",
    "flex_import_directus": "directus",
    "start_actions": "actions",
    **dict.fromkeys(
        ("archive_actions", "check_actions", "create_action", "list_actions", "run_action"),
        "actions",
    ),
    **dict.fromkeys(
        ("dynamodb_diff", "dynamodb_export", "dynamodb_import", "dynamodb_migrate"), "dynamodb"
    ),
}
_HEADER = re.compile(r'"([A-Z][A-Za-z]*(?:-[A-Z][A-Za-z]*)+|RateLimit|(?<=headers\[").+?)"')
_INCLUDED = re.compile(r"^```\{include\} (?P<path>\S+)\n```$", re.MULTILINE)
_FENCED = re.compile(r"^```(?P<language>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_WORD = re.compile(r"[\w$.-]*[\w$]")


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


def arguments(app: str) -> dict[str, list[str]]:
    """Return the arguments of each command of an app, without those of all commands."""
    folder = Path(import_module(f"{app}.management.commands").__path__[0])
    names = sorted(path.stem for path in folder.glob("[a-z]*.py"))
    return {name: list(_own(load_command_class(app, name), name)) for name in names}


def _own(command: BaseCommand, name: str) -> Iterator[str]:
    common = {one.dest for one in BaseCommand().create_parser("manage.py", name)._actions}
    parsers: list[ArgumentParser] = [command.create_parser("manage.py", name)]
    for parser in parsers:
        for one in parser._actions:
            if isinstance(one, _SubParsersAction):
                yield from one.choices
                parsers.extend(one.choices.values())
            elif one.dest not in common and one.option_strings:
                yield one.option_strings[-1]


def headers() -> set[str]:
    """Return the headers of requests and replies that the code of the API names."""
    folders = chain(*((PACKAGE / part).rglob("*.py") for part in WITH_HEADERS))
    code = [path.read_text() for path in (*folders, *WITH_LIMITS)]
    return {name for text in code for name in _HEADER.findall(text)} - HEADERS_OF_HTTP


COMMANDS = {
    name: words
    for app in ("", ".actions", ".tokens", ".dynamodb")
    for name, words in arguments(f"django_flex{app}").items()
}
#: What the code knows: the names, and the pages of the reference that describe them.
REGISTRIES: dict[str, tuple[Iterable[str], str]] = {
    "settings": ([one.name for one in (*SETTINGS, *VERSION_SETTINGS)], "settings"),
    "operators": ([*OPERATORS, *TRANSFORMS], "filters"),
    "parts of conditions": (
        [*CONNECTORS, *DYNAMIC, *(f"tracks.{name}" for name in QUANTIFIERS)],
        "filters",
    ),
    "kinds of values": (KINDS, "filters"),
    "aggregates": ([*FUNCTIONS, *TRUNCATIONS, *TEXT_PARTS], "aggregates"),
    "error codes": ([one.code for one in GENERATE.raised(FlexError)], "replies"),
    "keys of errors": (_error()["properties"], "replies"),
    "headers": (headers(), "replies doors"),
    "checks": ([f"django_flex.{name}" for name in PROBLEMS], "checks"),
    "keys of EXPOSE": ([*ENTRY_KEYS, *GRANT_KEYS, *ACTION_KEYS], "expose"),
    "keys of writes in EXPOSE": ({*chain(*OPERATION_KEYS.values())}, "expose"),
    "operations": (OPERATIONS, "expose"),
    "hooks": ([name for name in HOOKS if name.endswith("_add")], "writes"),
    "keys of uploads in EXPOSE": (FILE_KEYS, "writes"),
    "keys of a query": ({*chain(LIST_KEYS, *QUERY_KEYS.values())}, "query"),
    "keys of a nested list": (RELATED_KEYS, "query"),
    "formats": (FORMATS, "streams"),
    "keys of a write": ({*chain(RESERVED, BATCH_KEYS, *WRITE_KEYS.values())}, "writes"),
    "changes of values": ([INCREMENT, APPEND, REMOVE], "writes"),
    "keys of an action": ({*chain(*ACTION_CALL_KEYS.values())}, "actions"),
    "keys of a session of agents": ([one.name for one in fields(Agents)], "agents"),
    "tools of agents": (AGENT_TOOLS, "agents"),
    "capabilities": ([one.name for one in fields(Capabilities)], "backends"),
    "public names": (django_flex.__all__, "python-api"),
    "public names of actions": (django_flex.actions.__all__, "actions"),
    "public names of the client": (django_flex.client.__all__, "client"),
    "parts of a definition": (ActionDef.__dataclass_fields__, "actions"),
    "test helpers": (public(testing, FunctionType), "python-api"),
    "signals": (public(signals, Signal), "python-api"),
    **{name: ([name, *words], PAGES_OF_COMMANDS[name]) for name, words in COMMANDS.items()},
}


def page(names: str) -> str:
    """Return pages of the reference with their generated tables."""
    text = "".join((REFERENCE / f"{name}.md").read_text() for name in names.split())
    return _INCLUDED.sub(lambda found: (REFERENCE / found["path"]).read_text(), text)


def missing(names: Iterable[str], text: str) -> list[str]:
    """Return the names that are no word of any code in a text."""
    code = _FENCED.sub(_commands, text)
    words = {word for span in _SPAN.findall(code) for word in _WORD.findall(span)}
    return sorted({*names} - words)


def _commands(found: re.Match[str]) -> str:
    """Return a fenced block as one span of code if it is a command, else nothing."""
    return f"`{found['text']}`".replace("\n", " ") if found["language"] == "bash" else ""


@pytest.mark.parametrize(("names", "where"), REGISTRIES.values(), ids=REGISTRIES)
def test_every_name_has_its_place_in_the_reference(names: Iterable[str], where: str) -> None:
    known = [*names]

    assert known
    assert missing(known, page(where)) == []


@pytest.mark.parametrize("where", sorted({where for _, where in REGISTRIES.values()}))
def test_a_name_without_a_place_is_found(where: str) -> None:
    assert missing(["nowhere", "Nowhere-To-Be"], page(where)) == ["Nowhere-To-Be", "nowhere"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("| `in`, `nin` | a list |", True, id="span"),
        pytest.param("`flex_token in --in USER`", True, id="one-of-several"),
        pytest.param("in", False, id="prose"),
        pytest.param("`int`, `nin`, `--in`, `name.in`, `in_hand`", False, id="part-of-a-word"),
        pytest.param('```json\n{"in": [1]}\n```', False, id="example"),
        pytest.param("```bash\nmanage.py in 1\n```", True, id="command"),
    ],
)
def test_only_a_name_in_code_is_a_place(text: str, found: bool) -> None:
    assert (missing(["in"], f"{text}\n") == []) is found


def test_every_key_of_a_description_has_its_place(settings: Any, client: Client) -> None:
    """OPTIONS of a grant that allows everything there is, which has all keys that there are."""
    clauses = dict.fromkeys(("rows", "fields", "filters", "order_by", "aggregates"), "*")
    full = {
        **clauses,
        "rate_limit": 60,
        "ops": ["get", "list", "add", "edit", "delete", "aggregate"],
    }
    models = {"booking": "status", "customer": "name", "line": "product", "product": "name"}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {
            model: {"default_order_by": "-id", "anon": {**full, "search": [text]}}
            for model, text in models.items()
        },
    }
    keys = {key for model in models for key in _keys(client.options(f"/api/{model}/").json())}

    assert {"aggregates", "choices", "default_order_by", "default", "help", "many"} <= keys
    assert {"nested", "rates", "required", "search", "updates"} <= keys
    assert missing(keys, page("options").replace("fields.….", "")) == []


def _keys(described: dict[str, Any]) -> Iterator[str]:
    """Yield the keys of a description, and those of the columns and relations in it."""
    yield from described
    yield from chain(*described["fields"].values(), *described["relations"].values())
    for inputs in described["inputs"].values():
        yield from chain(*inputs.values())


def test_the_middleware_is_named_as_the_checks_know_it() -> None:
    assert f'"{checks.MIDDLEWARE}"' in WRITTEN
