"""The rules that restrict what a role may do, as text.

The text says what is written, not what it means: a changed text is a change to look at. Of code it
is the source, without comments and layout; what the code calls is not looked into.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Mapping
from functools import cache, partial
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

from django.db.models import Model, Q, QuerySet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django_flex.access.roles import ResolvedGrant
    from django_flex.policy.model import Entry, Grant

ALL_ROWS, NO_ROWS = "all", "none"
RESOLVED = "those of ROLE_RESOLVER, or all"
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def rules_of(
    entry: Entry, granted: ResolvedGrant, grant: Grant, *, resolver: bool
) -> dict[str, str]:
    """Return the rules of a grant by their keys: which rows, for writes, and what the server sets.

    Args:
        entry: the model.
        granted: what a caller with the role has on it.
        grant: the same, which is not empty.
        resolver: whether the project's resolver of roles may say which rows.
    """
    found = dict(_rules(entry, granted, grant))
    if resolver and grant.rows.kind == "absent":
        found["rows"] = found["rows"].replace(ALL_ROWS, RESOLVED, 1)
    return {key: found[key] for key in sorted(found)}


def _rules(entry: Entry, granted: ResolvedGrant, grant: Grant) -> Iterator[tuple[str, str]]:
    written = grant.written
    yield "rows", _rows(entry, granted, written)
    if grant.min_group > 1:
        yield "min_group", str(grant.min_group)
    if "check" in written and not grant.operations.isdisjoint({"add", "edit", "bulk_edit"}):
        yield "check", text_of(written["check"])
    for operation, names in _WRITING.items():
        if not grant.operations.isdisjoint(names):
            yield from _of_write(operation, written)
    actions = _part(written, "actions")
    for name in sorted(grant.actions):
        own = _part(actions, name)
        if "rows" in own:
            yield f"actions.{name}.rows", text_of(own["rows"])


def _rows(entry: Entry, granted: ResolvedGrant, written: Mapping[str, object]) -> str:
    """Return the rule for rows; without one in the grant it is left to the role resolver."""
    rows = text_of(written.get("rows"))
    if granted.rows.kind in {"absent", "all"}:
        rows = ALL_ROWS
    elif granted.rows.kind == "none":
        rows = NO_ROWS
    if entry.queryset is None:
        return rows
    return f"{rows}, of what the entry's queryset gives: {text_of(entry.queryset)}"


def _of_write(operation: str, written: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    own = _part(written, operation)
    for key in ("rows", "check"):
        if key in own:
            yield f"{operation}.{key}", text_of(own[key])
    if operation != "delete":
        presets = {**_part(written, "presets"), **_part(own, "presets")}
        for name in sorted(presets):
            yield f"{operation}.presets.{name}", text_of(presets[name])


def _part(written: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = written.get(key)
    return found if isinstance(found, Mapping) else {}


#: The operations for which what is said of one of these three holds.
_WRITING = {
    "add": frozenset({"add"}),
    "edit": frozenset({"edit", "bulk_edit"}),
    "delete": frozenset({"delete", "bulk_delete"}),
}


def text_of(rule: object) -> str:  # noqa: PLR0911 - one line for each way to write a rule
    """Return a rule or a value as it is written, on one line, the same in every process."""
    match rule:
        case Q():
            return _text_of_q(rule)
        case QuerySet():  # of which a text would read the rows
            return f"a queryset of {rule.model._meta.label_lower}"
        case Model():
            return f"a row of {rule._meta.label_lower}"
        case Mapping():
            pairs = (f"{text_of(key)}: {text_of(value)}" for key, value in rule.items())
            return f"{{{', '.join(pairs)}}}"
        case set() | frozenset():
            return f"{{{', '.join(sorted(map(text_of, rule)))}}}"
        case list() | tuple():
            return f"[{', '.join(map(text_of, rule))}]"
        case partial():
            given = [*map(text_of, rule.args)]
            given += [f"{name}={text_of(value)}" for name, value in rule.keywords.items()]
            return f"partial({', '.join((text_of(rule.func), *given))})"
        case _ if callable(rule):
            return _text_of_code(rule)
        case _:
            return _ADDRESS.sub("", " ".join(repr(rule).split()))


def _text_of_q(condition: Q) -> str:
    parts = []
    for child in condition.children:
        if isinstance(child, tuple):
            name, value = child
            parts.append(f"{name}={text_of(value)}")
        else:
            parts.append(text_of(child))
    joined = f" {condition.connector} ".join(parts)
    return f"NOT ({joined})" if condition.negated else f"({joined})"


def _text_of_code(rule: Callable[..., object]) -> str:
    """Return the source of a function, or the name of another callable."""
    function = inspect.unwrap(rule)
    if isinstance(function, FunctionType):
        found = source_of(function.__code__)
        if found is not None:
            return found
    module = getattr(function, "__module__", "")
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{module}.{name}"


@cache
def source_of(code: CodeType) -> str | None:
    """Return the source of a function, on one line; ``None`` if it cannot be found."""
    try:
        lines, _ = inspect.findsource(code)
    except OSError:
        return None
    module = ast.parse("".join(lines))
    here = {
        (line, column)
        for line, _, column, _ in code.co_positions()
        if line is not None and column is not None and (line, column) != (code.co_firstlineno, 0)
    }
    found = [node for node in _functions(module, code) if _contains(node, here)]
    if not found:
        return None
    node = max(found, key=lambda one: (one.lineno, one.col_offset))  # the innermost
    if isinstance(node, ast.Lambda):
        return ast.unparse(node)
    node.decorator_list = []
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    node.body = body or node.body
    return " ".join(part.strip() for part in ast.unparse(node).splitlines())


def _functions(module: ast.Module, code: CodeType) -> Iterator[ast.Lambda | ast.FunctionDef]:
    """Yield the functions that begin in the line where a code does, decorators included."""
    for node in ast.walk(module):
        if isinstance(node, ast.Lambda) and code.co_name == "<lambda>":
            if node.lineno == code.co_firstlineno:
                yield node
        elif isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            lines = [node.lineno, *(one.lineno for one in node.decorator_list)]
            if min(lines) == code.co_firstlineno:
                yield node


def _contains(node: ast.Lambda | ast.FunctionDef, places: Iterable[tuple[int, int]]) -> bool:
    """Whether all places are inside the body of a function."""
    body = node.body if isinstance(node, ast.Lambda) else node.body[-1]
    first = node.body if isinstance(node, ast.Lambda) else node.body[0]
    start = first.lineno, first.col_offset
    end = body.end_lineno or body.lineno, body.end_col_offset or body.col_offset
    return isinstance(node, ast.FunctionDef) or all(start <= one < end for one in places)
