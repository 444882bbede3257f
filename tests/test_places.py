"""Below the dialects, no place in a request and no hint at a key is a word of one of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import django_flex
from django_flex.exceptions.places import Part

ROOT = Path(django_flex.__file__).parent
#: All that answers requests of any dialect.
NEUTRAL: tuple[str, ...] = (
    "exceptions",
    "query",
    "schema",
    "resolved",
    "binding",
    "access",
    "analysis",
    "plan",
)
NEUTRAL += ("backends", "idempotency", "throttling.py", "audit.py", "engine", "describe", "actions")
NEUTRAL += ("http",)
#: Doors for Python, which has a dialect of its own: ours.
OURS = ("actions/programmatic.py", "actions/management")
#: Names in HTTP, whatever the dialect, and the whole body; the parameter of a document's URL.
SHARED = {"If-Match", "Idempotency-Key", "body", "openapi"}
#: ``count`` is also a function, and ``aggregate`` an operation.
WORDS = [re.escape(part) for part in Part if part not in {Part.COUNT, Part.AGGREGATE}]
KEYS = re.compile("|".join(rf"['\"]{word}['\"]" for word in WORDS))
#: What only a key can be, even if nothing marks it.
MARKED = re.compile("|".join(rf"(?<!\w){word}(?!\w)" for word in WORDS if word[0] == "_"))


def modules() -> list[Path]:
    found = [path for name in NEUTRAL for path in (ROOT / name).rglob("*.py")]
    found += [ROOT / name for name in NEUTRAL if name.endswith(".py") and (ROOT / name).exists()]
    return [
        path
        for path in found
        if not any(str(path.relative_to(ROOT)).startswith(other) for other in OURS)
    ]


@cache  # by the first test that needs it: each worker imports this module, to collect it
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def is_place(argument: ast.arg) -> bool:
    annotation = "" if argument.annotation is None else ast.unparse(argument.annotation)
    return argument.arg == "place" or re.search(r"\bPlace\b", annotation) is not None


@cache
def functions() -> dict[tuple[Path | None, str], int]:
    """Return the functions that take a place, and its position in a call; private ones by module."""
    found: dict[tuple[Path | None, str], int] = {}
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("__"):
                taken = [*node.args.posonlyargs, *node.args.args]
                taken = taken[1:] if taken and taken[0].arg == "self" else taken
                position = next((n for n, one in enumerate(taken) if is_place(one)), None)
                if position is not None:
                    key = path if node.name.startswith("_") else None
                    found[key, node.name] = position
    return found


def places(path: Path) -> Iterator[ast.expr]:
    """Yield what is given for a place in a module: in calls, and as a default."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            name = _name(node.func)
            position = functions().get((path if name.startswith("_") else None, name))
            if position is not None and position < len(node.args):
                yield node.args[position]
            if position is not None or name.endswith("Error") or name == "__init__":
                yield from (one.value for one in node.keywords if one.arg in {"path", "place"})
        elif isinstance(node, ast.arguments):
            named = [*node.posonlyargs, *node.args]
            pairs = [*zip(reversed(named), reversed(node.defaults), strict=False)]
            given = zip(node.kwonlyargs, node.kw_defaults, strict=True)
            pairs += [(one, value) for one, value in given if value is not None]
            yield from (value for one, value in pairs if is_place(one))


def literals(node: ast.expr) -> Iterator[str]:
    """Yield the texts in a place that is written out: alone, in an f-string, or as a segment."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from (str(part.value) for part in node.values if isinstance(part, ast.Constant))
    elif isinstance(node, ast.Tuple):
        for part in node.elts:
            yield from literals(part)
    elif isinstance(node, ast.IfExp):
        yield from (*literals(node.body), *literals(node.orelse))


def _name(function: ast.expr) -> str:
    """Return the last name of what is called."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def texts(module: ast.Module) -> Iterator[str]:
    """Yield the messages and hints of errors."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            said = [one.value for one in node.keywords if one.arg == "hint"]
            if _name(node.func).endswith("Error"):
                said += node.args[:1]
            for one in said:
                yield from (
                    part.value
                    for part in ast.walk(one)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )


PACKAGES = sorted({path.relative_to(ROOT).parts[0] for path in modules()})
EACH_PACKAGE = pytest.mark.parametrize("package", PACKAGES)


def modules_of(package: str) -> list[Path]:
    return [path for path in modules() if path.relative_to(ROOT).parts[0] == package]


@pytest.mark.exhaustive
@EACH_PACKAGE
def test_a_place_has_no_word_of_a_dialect(package: str) -> None:
    written = [
        (path, text)
        for path in modules_of(package)
        for node in places(path)
        for text in literals(node)
    ]

    assert [one for one in written if re.search(r"\w", one[1]) and one[1] not in SHARED] == []


@EACH_PACKAGE
def test_messages_and_hints_leave_keys_to_the_dialect(package: str) -> None:
    told = [(path, text) for path in modules_of(package) for text in texts(tree(path))]

    assert [one for one in told if KEYS.search(one[1]) or MARKED.search(one[1])] == []
