"""Which rows a filter of Directus matches, and what of them a reply shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.client.directus_refusals import Refusal, forbidden

Row = dict[str, Any]
_TIME = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d")


def listed(value: Any) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    return [part.strip() for text in texts for part in text.split(",")]


def at(row: Any, path: Iterable[str]) -> Any:
    for segment in path:
        if row is None:
            return None
        row = row[segment]
    return row


def matches(row: Any, condition: Mapping[str, Any]) -> bool:
    return all(_matches_key(row, key, value) for key, value in condition.items())


def _matches_key(row: Any, key: str, value: Any) -> bool:
    if key == "_and":
        return all(matches(row, part) for part in value)
    if key == "_or":
        return any(matches(row, part) for part in value)
    if key in {"_some", "_none"}:
        found = any(matches(item, value) for item in row or ())
        return found is (key == "_some")
    if key.startswith("_"):
        if key not in _TESTS:
            raise Refusal(400, "INVALID_QUERY", f'Invalid query. Unknown operator "{key}".')
        return _TESTS[key](row, value)
    if row is None:
        return matches(None, value) if isinstance(value, dict) else False
    if key not in row:
        raise forbidden()
    return matches(row[key], value if isinstance(value, dict) else {"_eq": value})


def _known(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """NULL passes no comparison, as in SQL."""
    return lambda value, other: value is not None and test(value, other)


def _by_size(word: str, test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Directus compares numbers and times by size, and refuses it for texts, UUIDs and booleans."""

    def passes(value: Any, other: Any) -> bool:
        if isinstance(value, bool) or (isinstance(value, str) and not _TIME.match(value)):
            reason = f'"string" field type does not contain the "{word}" filter operator.'
            raise Refusal(400, "INVALID_QUERY", f"Invalid query. {reason}", reason=reason)
        return value is not None and test(value, other)

    return passes


def _text(test: Callable[[str, str], bool], *, fold: bool = False, negate: bool = False) -> Any:
    def passes(value: Any, other: str) -> bool:
        pair = (value.lower(), other.lower()) if fold else (value, other)
        return test(*pair) is not negate

    return _known(passes)


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "_eq": _known(lambda value, other: value == other),
    "_neq": _known(lambda value, other: value != other),
    "_lt": _by_size("_lt", lambda value, other: value < other),
    "_lte": _by_size("_lte", lambda value, other: value <= other),
    "_gt": _by_size("_gt", lambda value, other: value > other),
    "_gte": _by_size("_gte", lambda value, other: value >= other),
    "_in": _known(lambda value, other: value in other),
    "_nin": _known(lambda value, other: value not in other),
    "_between": _by_size("_between", lambda value, other: other[0] <= value <= other[1]),
    "_nbetween": _by_size("_nbetween", lambda value, other: not other[0] <= value <= other[1]),
    "_null": lambda value, other: (value is None) is other,
    "_nnull": lambda value, other: (value is not None) is other,
    "_empty": lambda value, other: (value in (None, "")) is other,
    "_nempty": lambda value, other: (value not in (None, "")) is other,
    **{
        f"_{'n' if negate else ''}{'i' if fold else ''}{name}": _text(
            test, fold=fold, negate=negate
        )
        for negate in (False, True)
        for fold in (False, True)
        for name, test in (
            ("contains", lambda value, other: other in value),
            ("starts_with", str.startswith),
            ("ends_with", str.endswith),
        )
    },
}


def selected(row: Any, query: Row) -> Any:
    terms = query.get("fields") or ["*"]
    if row is None:
        return None
    if isinstance(row, list):
        return [selected(item, query) for item in row]
    shown: Row = {}
    for term in terms:
        name, _, rest = term.partition(".")
        if name == "*":
            shown |= {key: _key(value) for key, value in row.items()}
        elif name not in row:
            raise forbidden()
        elif rest:
            inner = [t.partition(".")[2] for t in terms if t.startswith(f"{name}.")]
            shown[name] = selected(row[name], {"fields": inner})
        else:
            shown[name] = _key(row[name])
    return shown


def _key(value: Any) -> Any:
    """A related row stands in a row by its key."""
    if isinstance(value, dict) and "id" in value:
        return value["id"]
    if isinstance(value, list):
        return [_key(item) for item in value]
    return value


_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "count": len,
    "countDistinct": lambda values: len(set(values)),
    "sum": sum,
    "sumDistinct": lambda values: sum(set(values)),
    "avg": lambda values: sum(values) / len(values) if values else None,
    "avgDistinct": lambda values: sum(set(values)) / len(set(values)) if values else None,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
}


def aggregated(rows: list[Row], query: Row) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    names = query.get("groupBy") or []
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    if not names:
        groups = {(): rows}
    return [
        dict(zip(names, values, strict=True)) | _totals(members, query.get("aggregate") or {})
        for values, members in groups.items()
    ]


def _totals(rows: list[Row], asked: Mapping[str, Any]) -> Row:
    totals: Row = {}
    for function, paths in asked.items():
        if function not in _FUNCTIONS:
            raise Refusal(400, "INVALID_QUERY", f'Invalid query. "{function}" is unknown.')
        for path in listed(paths):
            if path == "*":
                totals[function] = len(rows)
                continue
            values = [row[path] for row in rows if row[path] is not None]
            totals.setdefault(function, {})[path] = _FUNCTIONS[function](values)
    return totals
