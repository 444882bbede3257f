"""Collects the messages of the package from its source, without importing it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[2] / "django_flex"
#: What has messages for operators and developers, who read English; the client knows no Django.
NOT_SENT = (
    "client",
    "conf",
    "dynamodb",
    "management",
    "review",
    "contrib/dj_actions/management",
    "tokens/checks",
    "tokens/management",
)
#: Makers of texts besides the classes of errors.
MAKERS = frozenset(
    {"worded", "counted", "gettext_lazy", "in_language", "Refusal", "UnfitValueError", "RangeError"}
    | {"UnfitUpdateError", "UnfitAssignmentError", "single_value", "_bad"}
)
#: Errors whose first argument is a name, or no text.
NAMED = frozenset(
    {"FieldDeniedError", "FilterDeniedError", "OrderDeniedError", "OperationDeniedError"}
    | {"ValidationFailedError"}
)
#: What is the same in every language (JSON, headers, codes of errors), or what no client is sent.
UNTRANSLATED = frozenset(
    {
        "'author.*', '*.*'",
        "[1, 5]",
        "_neq, _nin, _none",
        "author.year(born)",
        "filter[status][_eq]=published",
        "id,title",
        "limit=20",
        "total_count, filter_count, *",
        '{"count": "*"}',
        '{"query": {}}',
        '{"status": "published"}',
        '{"top": "posts"}',
        '"1,10"',
        '"_match": "sku"',
        '"_set": {"status": "confirmed"}',
        '"search": "aisha khan"',
        '"shape": "list"',
        '"{}": "aggregate"',
        '"{}": "booking"',
        '"{}": "sku"',
        '"{}": false',
        '"{}": {{"{}": {{"from": "{}"}}}}',
        "'id, name'",
        "Content-Type: application/json",
        "DJANGO_FLEX has no 'VERSIONS'",
        "Only authorize() may create an AuthorizedQuery",
        "Only authorize_aggregate() may create an AuthorizedAggregate",
        "Only authorize_mutation() may create an AuthorizedMutation",
        "SELECT /*+ MAX_EXECUTION_TIME(%s) */ ",
        "[1, 2]",
        '[{"_model": "tag", "_action": "add", "name": "x"}]',
        "file_too_large",
        "file_type",
        "invalid_name",
        "letters, digits and '_', a letter first, at most 64",
        "list it under 'ops'",
        "no_file",
        "not_granted",
        "the caller's key is {'$user': 'id'}",
        "timezone=Europe/Berlin",
        "true",
        "unreadable",
        '{"_id": {"$ref": "name.id"}}',
        '{"fields": "id, name"}',
        '{"limit": 3}',
        '{"lines": {"limit": 3}}',
        '{"name": "x"}',
        '{{"paid": {{"from": "lines", "{}": …}}}}',
        '{{"{}": "booking", "{}": "list"}}',
        "{}: '{}'",
        "{}{}",
    }
)


@cache
def messages() -> frozenset[str]:
    """Return each message and hint that a reply may have, as it is in the code."""
    trees = [*_trees().values()]
    errors = _errors(trees)
    return frozenset(text for tree in trees for text in _texts(tree, errors)) - UNTRANSLATED


def untemplated() -> list[str]:
    """Return the messages of errors that are formatted at once, so that they cannot be translated."""
    errors = _errors([*_trees().values()]) | MAKERS
    return [
        f"{path.relative_to(PACKAGE)}:{one.lineno}"
        for path, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in errors - NAMED - {"worded", "single_value"}
        for one in [*node.args, *(word.value for word in node.keywords if word.arg == "hint")]
        if isinstance(one, ast.JoinedStr) and _has_words(one)
    ]


def _has_words(text: ast.JoinedStr) -> bool:
    fixed = "".join(str(part.value) for part in text.values if isinstance(part, ast.Constant))
    return any(word.isalpha() for word in fixed.split())


@cache
def _trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for path in _sources()}


def _sources() -> Iterator[Path]:
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if not place.startswith(NOT_SENT) and place not in {"checks.py", "testing.py"}:
            yield path


def _errors(trees: list[ast.Module]) -> set[str]:
    """Return the names of the classes of errors, by their bases."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {"FlexError"}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


def _texts(tree: ast.Module, errors: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _called(node)
            if name in errors or name in MAKERS:
                yield from _arguments(node, name)
            elif name == "_kind" and len(node.args) > 2:
                yield from _constants(node.args[2])
        elif isinstance(node, ast.ClassDef) and node.name in errors:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Call) and _called(inner) == "__init__":
                    yield from _arguments(inner, "__init__")
        elif isinstance(node, ast.Tuple | ast.For | ast.FunctionDef | ast.Assign):
            yield from _indirect(node, errors)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else _attribute(node.func)


def _attribute(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ""


def _arguments(call: ast.Call, name: str) -> Iterator[str]:
    arguments = [] if name in NAMED else call.args
    if name == "worded":
        arguments = call.args[:1]
    for one in arguments:
        yield from _constants(one)
    for keyword in call.keywords:
        if keyword.arg in {"hint", "better", "message"}:
            yield from _constants(keyword.value)


def _constants(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _constants(value)


def _indirect(node: ast.AST, errors: set[str]) -> Iterator[str]:
    """Yield texts that are bound to a name first, or stand beside a class of errors in a table."""
    if isinstance(node, ast.Tuple) and node.elts and isinstance(node.elts[0], ast.Name):
        for one in node.elts[1:] if node.elts[0].id in errors else []:
            yield from _constants(one)
    elif isinstance(node, ast.For):
        yield from (
            text for inner in ast.walk(node.iter) for text in _constants(inner) if " " in text
        )
    elif isinstance(node, ast.Assign):
        names = {one.id for one in node.targets if isinstance(one, ast.Name)}
        yield from _constants(node.value) if names & {"hint", "message"} else ()
    elif isinstance(node, ast.FunctionDef) and node.name == "__init__":
        for default in node.args.defaults:
            yield from _constants(default)
