"""Filters and orders in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.differential.measures import Measure, is_measure
from tests.differential.sight import Caller, reach
from tests.differential.values import (
    NAMES,
    QUANTIFIERS,
    TRANSFORMED,
    Path,
    holds,
    transformed,
    typed,
)
from tests.differential.world import COLUMNS, RELATIONS, Row, key_of


def matches(caller: Caller, model: str, row: Row, filters: Mapping[str, Any]) -> bool:
    """Whether a row fulfils an object of conditions."""
    together: dict[str, dict[str, Any]] = {}
    for key, value in filters.items():
        if key in {"and", "or", "not"}:
            if not combined(caller, model, row, key, value):
                return False
            continue
        *way, last = key.split(".")
        if last in QUANTIFIERS and isinstance(value, dict):
            if not quantified(caller, model, row, tuple(way), last, value):
                return False
            continue
        crossing, rest = to_list(model, key)
        if crossing is None or is_measure(model, without_operator(key)):
            if not compared(caller, model, row, key, value):
                return False
        else:
            together.setdefault(crossing, {})[rest] = value
    # What one object says of a list is said of one and the same row in it.
    return all(
        in_list(caller, model, row, tuple(crossing.split(".")), conditions)
        for crossing, conditions in together.items()
    )


def combined(caller: Caller, model: str, row: Row, name: str, value: Any) -> bool:
    if name == "or" and isinstance(value, dict):
        return any(matches(caller, model, row, {key: one}) for key, one in value.items())
    parts = [value] if isinstance(value, dict) else value
    found = [matches(caller, model, row, part) for part in parts]
    return {"or": any, "and": all, "not": lambda all_of: not all(all_of)}[name](found)


def to_list(model: str, key: str) -> tuple[str | None, str]:
    """Split a path behind its first to-many relation."""
    parts = key.split(".")
    for position, name in enumerate(parts):
        relation = RELATIONS[model].get(name)
        if relation is None:
            break
        model = relation.target
        if relation.many:
            return ".".join(parts[: position + 1]), ".".join(parts[position + 1 :])
    return None, key


def in_list(caller: Caller, model: str, row: Row, way: Path, conditions: Mapping[str, Any]) -> bool:
    *before, name = way
    for hop in before:
        found = caller.behind(model, row, hop)
        model = RELATIONS[model][hop].target
        if not found:
            return absence(conditions)
        (row,) = found
    rows = caller.behind(model, row, name)
    target = RELATIONS[model][name].target
    asked = dict(conditions)
    exists = [value for key, value in asked.items() if key == "isnull"]
    asked = {key: value for key, value in asked.items() if key != "isnull"}
    if any(bool(rows) == missing for missing in exists):
        return False
    if any(key in {"", "exact"} and value is None for key, value in asked.items()):
        return not rows
    own = {
        f"{key_of(target)}.{key}".rstrip(".") if key == "" or key in NAMES else key: value
        for key, value in asked.items()
    }
    return not own or any(matches(caller, target, one, own) for one in rows)


def absence(conditions: Mapping[str, Any]) -> bool:
    """Whether conditions on a list hold where the row that it belongs to is missing."""
    return all(
        (key == "isnull" and value is True) or (key in {"", "exact"} and value is None)
        for key, value in conditions.items()
    )


def quantified(
    caller: Caller, model: str, row: Row, way: Path, name: str, conditions: Mapping[str, Any]
) -> bool:
    rows = [row]
    for hop in way:
        rows = [one for each in rows for one in caller.behind(model, each, hop)]
        model = RELATIONS[model][hop].target
    found = [matches(caller, model, one, conditions) for one in rows]
    return {"some": any(found), "none": not any(found), "every": all(found)}[name]


def compared(caller: Caller, model: str, row: Row, key: str, value: Any) -> bool:
    """Whether one comparison over to-one relations holds."""
    path, rest = cut(model, tuple(key.split(".")))
    *transforms, operator = rest if rest and rest[-1] in NAMES else (*rest, "exact")
    found, kind = value_at(caller, model, row, path)
    if isinstance(value, dict) and "$field" in value:
        value, _ = reach(caller, model, row, tuple(value["$field"].split(".")))
        if value is None:
            return operator == "ne"
        return holds(found, operator, value, kind)
    if isinstance(value, dict):
        value = value["$value"]
    for name in transforms:
        found = None if found is None else transformed(name, found, kind)
        kind = TRANSFORMED.get(name, "int")
    if operator == "isnull":
        return (found is None) is bool(value)
    return holds(found, operator, typed(value, kind) if kind != "json" else value, kind)


def without_operator(key: str) -> str:
    path, _, last = key.rpartition(".")
    return path if last in NAMES else key


def value_at(caller: Caller, model: str, row: Row, path: Path) -> tuple[Any, str]:
    """Return a value of a row or an aggregate of the rows behind it, and its kind."""
    if not is_measure(model, ".".join(path)):
        return reach(caller, model, row, path)
    measure = Measure(model, ".".join(path))
    return measure.beside(caller, row), measure.result


def cut(model: str, path: Path) -> tuple[Path, Path]:
    """Split a path into what leads to a value, and transforms and operator behind it."""
    whole = ".".join(path)
    if is_measure(model, without_operator(whole)):
        end = len(path) - (path[-1] in NAMES)
        return path[:end], path[end:]
    for end, name in enumerate(path):
        is_last = end + 1 == len(path)
        if name in RELATIONS[model] and not is_last and path[end + 1] not in NAMES:
            model = RELATIONS[model][name].target
            continue
        if COLUMNS[model].get(name) != "json":
            return path[: end + 1], path[end + 1 :]
        ends = [at for at in range(end + 1, len(path)) if path[at] in {*NAMES, "len"}]
        stop = ends[0] if ends else len(path)
        return path[:stop], path[stop:]
    raise AssertionError(path)


def in_order(caller: Caller, model: str, rows: Iterable[Row], terms: list[str]) -> list[Row]:
    """Sort rows; the key comes last."""
    found = sorted(rows, key=lambda row: row[key_of(model)])
    for term in reversed(terms):
        found = sort(found, term, lambda row, path: value_at(caller, model, row, path)[0])
    return found


def sort(rows: list[Any], term: str, value_of: Callable[[Any, Path], Any]) -> list[Any]:
    """Sort stably by one term of an order."""
    path = tuple(term.removeprefix("-").split("."))
    first = path[-1] == "nulls_first"
    if path[-1] in {"nulls_first", "nulls_last"}:
        path = path[:-1]
    missing = [row for row in rows if value_of(row, path) is None]
    present = [row for row in rows if value_of(row, path) is not None]
    present.sort(key=lambda row: value_of(row, path), reverse=term.startswith("-"))
    return missing + present if first else present + missing


def listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else list(value)
