"""The order of lists whose query names none: ``default_order_by``, or ``Meta.ordering``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F, OrderBy

from django_flex.exceptions import QueryError
from django_flex.policy.compile.mistakes import report_path
from django_flex.query.aggregates import FUNCTIONS, PARTS
from django_flex.query.ast import RANDOM, OrderTerm
from django_flex.query.kinds import STORED_OTHERWISE, UNSORTED
from django_flex.query.limits import Limits
from django_flex.query.terms import parse_order
from django_flex.schema.introspection import model_of
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model

    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Resource

KEY = "default_order_by"
#: Why a column cannot be sorted by.
STORED = "is stored in another form, which does not sort like the value"
#: How many relations an ordering of Django may lead over, each to a model with an ordering.
MAX_HOPS = 8


class UnusableOrderError(ValueError):
    """An order that no list can have by default; the text says why."""


def compile_default_order(
    written: object, resource: Resource, reporter: ProblemReporter
) -> tuple[OrderTerm, ...]:
    """Compile ``default_order_by`` of an entry; with a mistake in it there is none."""
    if written is None or written in ("", [], ()):
        return ()
    try:
        terms = parse_order(written, Limits().max_orders, KEY)
    except QueryError as error:
        reporter.report("E009", error.message, error.hint)
        return ()
    good = [_is_good(term.path, resource, reporter) for term in terms]
    return terms if all(good) else ()


def _is_good(path: Path, resource: Resource, reporter: ProblemReporter) -> bool:
    try:
        _check(path, resource)
    except UnusableOrderError as error:
        reporter.report("E009", str(error))
    except UnknownPathError:
        if _is_made_of_values(path, resource):
            text = f"'{'.'.join(path)}' cannot be in a default order, as it is no column"
            reporter.report("E009", text, "name it in the 'order_by' of queries")
        else:
            report_path(".".join(path), resource, reporter)
    else:
        return True
    return False


def _is_made_of_values(path: Path, resource: Resource) -> bool:
    """Whether a query may sort by a path that leads to no column: parts, aggregates, at random."""
    if len(path) == 1:
        return path == (RANDOM,)
    try:
        resolve(resource, path[:-1])
    except UnknownPathError:
        return False
    return path[-1] in PARTS or path[-1] in FUNCTIONS


def order_of_model(resource: Resource, reporter: ProblemReporter) -> tuple[OrderTerm, ...]:
    """Return ``Meta.ordering`` of a model as the order of a query; ``()`` if no query can have it."""
    model = model_of(resource)
    if model is None:
        return ()
    try:
        terms = tuple(_terms(model, descending=False, way=()))
        for term in terms:
            _check(term.path, resource)
    except (UnusableOrderError, UnknownPathError) as error:
        unknown = isinstance(error, UnknownPathError)
        why = "it names what cannot be exposed" if unknown else str(error)
        hint = f"write '{KEY}' into the entry"
        reporter.report("W029", f"'Meta.ordering' is not used: {why}", hint)
        return ()
    return terms


def _check(path: Path, resource: Resource) -> None:
    """Check that a path leads to one value, which every database sorts alike.

    Raises:
        UnknownPathError: it leads nowhere.
        UnusableOrderError: it does not.
    """
    target = resolve(resource, path)
    if any(hop.cardinality == "many" for hop in target.hops):
        raise UnusableOrderError(f"'{'.'.join(path)}' has no single value to sort by")
    if target.attribute.kind in STORED_OTHERWISE:
        raise UnusableOrderError(f"'{path[-1]}' {STORED}")
    if target.attribute.kind in UNSORTED:
        raise UnusableOrderError(f"geometries such as '{path[-1]}' have no order")
    if target.attribute.kind == "json" and not target.keys:
        raise UnusableOrderError(f"databases sort whole JSON values such as '{path[-1]}' unlike")


def _terms(model: type[Model], *, descending: bool, way: Path) -> Iterator[OrderTerm]:
    """Yield the terms of an ordering, those of related models where it names a relation."""
    if len(way) > MAX_HOPS:
        raise UnusableOrderError("the orderings of related models go round in a circle")
    for item in model._meta.ordering or ():
        name, turned, nulls = _item(item)
        path = tuple(name.split("__"))
        related = _related(model, path)
        if related is None or not related._meta.ordering:
            yield OrderTerm((*way, *path), descending != turned, nulls)
        else:
            yield from _terms(related, descending=descending != turned, way=(*way, *path))


def _item(item: Any) -> tuple[str, bool, Any]:
    """Return the name, whether it is descending, and the position of nulls, of one item."""
    if isinstance(item, str) and item != "?":
        return item.removeprefix("-"), item.startswith("-"), None
    turned, nulls = False, None
    if isinstance(item, OrderBy):
        _, args, named = item.deconstruct()
        options = {**dict(zip(("expression", "descending"), args, strict=False)), **named}
        turned, item = bool(options.get("descending")), options["expression"]
        nulls = next((at for at in ("first", "last") if options.get(f"nulls_{at}")), None)
    if not isinstance(item, F):
        raise UnusableOrderError("'?' and expressions can be in no query")
    return item.deconstruct()[1][0], turned, nulls


def _related(model: type[Model], path: Path) -> type[Model] | None:
    """Return the model that a path leads to; ``None`` where it leads to a column."""
    found = next((one for one in model._meta.get_fields() if one.name == path[0]), None)
    target = None if found is None else found.related_model
    if not isinstance(target, type):
        return None
    return _related(target, path[1:]) if path[1:] else target
