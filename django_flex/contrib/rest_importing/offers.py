"""What one view offers to each kind of caller, operation by operation."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.utils.module_loading import import_string
from rest_framework import mixins

from django_flex.contrib.rest_importing.callers import allows
from django_flex.contrib.rest_importing.endpoints import OPERATIONS
from django_flex.contrib.rest_importing.narrowing import Narrowing, narrowing_of
from django_flex.contrib.rest_importing.paging import largest_page, rate_of, refuse_own_pages
from django_flex.contrib.rest_importing.probing import (
    KINDS,
    NotUnderstoodError,
    Trace,
    ask,
    kind_at,
    probe_row,
    probe_view,
)
from django_flex.contrib.rest_importing.row_rules import rule_of
from django_flex.contrib.rest_importing.shapes import Shape, refuse_own_code, shape_of
from django_flex.scaffold.gaps import Gap
from django_flex.scaffold.trying import takes_filter, takes_rows
from django_flex.schema.introspection import label_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.db import models

    from django_flex.contrib.rest_importing.endpoints import Endpoint, Operation
    from django_flex.contrib.rest_importing.probing import Kind
    from django_flex.contrib.rest_importing.row_rules import Rule
    from django_flex.policy.guarding import Guard
    from django_flex.schema.registry import Schema
    from django_flex.schema.resources import Resource

_USER = {"$user": "id"}
_READS = frozenset({"list", "get"})
_WRITES = frozenset({"add", "edit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one kind of caller may do by one method of a view.

    ``rows`` is the rule, ``serializer`` the dotted path of what validates writes, and ``keyed`` says
    that clients know the keys of rows. ``lookup`` is the column by which a row is found, ``None`` for
    the key.
    """

    view: str
    label: str
    operation: Operation
    kind: Kind
    rows: Rule
    shape: Shape = field(default_factory=Shape)
    narrowing: Narrowing = field(default_factory=Narrowing)
    presets: Mapping[str, object] = field(default_factory=dict)
    serializer: str | None = None
    keyed: bool = False
    lookup: str | None = None
    page: int | None = None
    rate: str | None = None


@dataclass(slots=True)
class Offers:
    """All that the views of a project offer, and what was not understood, by the label of a model."""

    offers: list[Offer] = field(default_factory=list)
    lost: dict[str, dict[Gap, dict[str, None]]] = field(default_factory=dict)

    def lose(self, label: str, place: str, text: str, what: str = "") -> None:
        """Note what is not carried over, once for all methods (``what``) that it is true of."""
        self.lost.setdefault(label, {}).setdefault(Gap(place, text), {})[what] = None

    def gaps(self, label: str) -> list[Gap]:
        """Return what is not carried over of a model, or with an empty label of no model."""
        return [
            Gap(gap.place, f"{', '.join(what)}: {gap.text}" if any(what) else gap.text)
            for gap, what in self.lost.get(label, {}).items()
        ]


def offers_of(endpoints: list[Endpoint], schema: Schema, guard: Guard) -> Offers:
    """Return what the views of a project offer."""
    found = Offers()
    for endpoint in endpoints:
        label = _label(endpoint)
        for method, reason in endpoint.lost.items():
            found.lose(label, endpoint.name, reason, method.upper())
        if not endpoint.actions:
            continue
        resource = schema.exposable(label) if label else None
        if resource is None:
            found.lose("", endpoint.name, "is about no model that can be exposed")
            continue
        for method in endpoint.actions:
            for kind in KINDS:
                _add(_Probe(endpoint, method, kind, resource, guard), found)
    return found


def _label(endpoint: Endpoint) -> str:
    """Return the label of the model that a view is about, empty if it does not say so."""
    serializer: Any = getattr(endpoint.view, "serializer_class", None)
    queryset: Any = getattr(endpoint.view, "queryset", None)
    model = getattr(queryset, "model", None)
    model = model or getattr(getattr(serializer, "Meta", None), "model", None)
    return label_of(model) if model is not None and not model._meta.abstract else ""


@dataclass(slots=True)
class _Probe:
    """One method of a view, and one kind of caller."""

    endpoint: Endpoint
    method: str
    kind: Kind
    resource: Resource
    guard: Guard
    trace: Trace = field(default_factory=Trace)

    @property
    def operation(self) -> Operation:
        return OPERATIONS[self.endpoint.actions[self.method]]


def _add(probe: _Probe, found: Offers) -> None:
    """Add what a method offers to a kind, or why it is not known."""
    place, label = probe.endpoint.name, probe.resource.label

    def lose(text: str) -> None:
        found.lose(label, place, text, probe.endpoint.actions[probe.method])

    try:
        view = probe_view(probe.endpoint, probe.method, probe.kind, probe.trace)
        permissions = ask(view.get_permissions, probe.trace)
        who = kind_at(view, probe.kind)
        verdict = allows(permissions, probe.operation, who)
        if who not in verdict.kinds:
            if verdict.why:
                lose(verdict.why)
            return
        offer = _offer(view, probe, lose)
    except NotUnderstoodError as error:
        lose(
            f"not granted, since the view {error}"
            if _is_verb(str(error))
            else f"not granted: {error}"
        )
        return
    if offer is not None:
        found.offers.append(offer)
    if probe.trace.parameters:
        lose("its code reads query parameters: this is what it does without any")


def _is_verb(text: str) -> bool:
    return text.startswith(("looks at", "asks", "raises"))


def _offer(view: Any, probe: _Probe, lose: Any) -> Offer | None:
    operation = probe.operation
    model = _model_of(probe.resource)
    queryset, rows = _rows(view, probe, model)
    if rows is None and operation != "add":
        return None
    shape, serializer = Shape(), None
    if operation != "delete":
        shape, serializer = _shape(view, probe, queryset, model)
    for name, text in shape.gaps.items():
        lose(f"the field '{name}' {text}")
    narrowing = Narrowing()
    if operation != "add":
        narrowing = ask(lambda: narrowing_of(view, queryset, probe.resource), probe.trace)
    presets = {**shape.presets, **_presets(probe)}
    who = kind_at(view, probe.kind)
    if operation in _WRITES:
        _check_write(operation, shape, presets, serializer, known=who == probe.kind)
    if operation == "list":
        refuse_own_pages(view.paginator)
        narrowing.default_order = narrowing.default_order or _order_of(queryset)
    page, unknown = largest_page(view) if operation == "list" else (None, "")
    rate, more = rate_of(ask(view.get_throttles, probe.trace), view, anonymous=who == "anon")
    for text in filter(None, (unknown, *more, *narrowing.gaps)):
        lose(text)
    of_row = operation not in {"list", "add"}
    by_key = of_row and _looks_up_key(view, probe.resource)
    if operation == "get" and not by_key:
        _add_lookup(view, probe.resource, narrowing)
    return Offer(
        view=probe.endpoint.name,
        label=probe.resource.label,
        operation=operation,
        kind=probe.kind,
        rows=rows,
        shape=shape,
        narrowing=narrowing if operation in _READS else Narrowing(),
        presets=presets,
        serializer=serializer,
        keyed=shape.tells_key or by_key,
        lookup=str(view.lookup_field).replace("__", ".") if of_row and not by_key else None,
        page=page,
        rate=rate,
    )


def _model_of(resource: Resource) -> type[models.Model]:
    from django.apps import apps

    return apps.get_model(resource.label)


def _rows(view: Any, probe: _Probe, model: type[models.Model]) -> tuple[Any, Rule]:
    """Return the queryset of a view, and its rule; no view asks it where it adds."""
    if probe.operation == "add":
        return None, {}
    queryset = ask(view.get_queryset, probe.trace)
    rule = ask(lambda: rule_of(queryset, model), probe.trace)
    if rule and not takes_rows(rule, probe.resource):
        raise NotUnderstoodError("its rows have no rule here")
    return queryset, rule


def _order_of(queryset: Any) -> list[str]:
    """Return the order of a queryset, or of its model, if it is one of columns."""
    query = queryset.query
    meta = query.get_meta().ordering if query.default_ordering else ()
    order = [*query.order_by] or [*meta]
    if not all(isinstance(one, str) and one != "?" for one in order):
        return []
    return [one.replace("__", ".") for one in order]


def _shape(
    view: Any, probe: _Probe, queryset: Any, model: type[models.Model]
) -> tuple[Shape, str | None]:
    """Return what the serializer of a view shows, and its dotted path if it has one."""
    kind: Any = ask(view.get_serializer_class, probe.trace)
    context = ask(view.get_serializer_context, probe.trace)
    hidden = frozenset(
        one.prefetch_through.split("__")[0]
        for one in getattr(queryset, "_prefetch_related_lookups", ())
        if isinstance(one, Prefetch) and one.queryset is not None
    )

    def build(*instance: object) -> Shape:
        made = kind(*instance, context=context)
        if probe.operation == "list":
            refuse_own_code(kind([], many=True, context=context))
        return shape_of(made, probe.resource, probe.guard, hidden)

    shape = ask(build, probe.trace)
    # A serializer that shows other fields of some rows cannot be told from one that does not.
    other = ask(lambda: build(probe_row(model, probe.trace)), probe.trace)
    if (shape.reads, shape.writes) != (other.reads, other.writes):
        raise NotUnderstoodError(f"the fields of {kind.__name__} depend on the row")
    return shape, _dotted(kind)


def _dotted(kind: type[Any]) -> str | None:
    """Return the path that a class can be imported by; ``None`` if it has none."""
    path = f"{kind.__module__}.{kind.__qualname__}"
    try:
        return path if import_string(path) is kind else None
    except (ImportError, ValueError):
        return None


def _check_write(
    operation: Operation,
    shape: Shape,
    presets: Mapping[str, object],
    serializer: str | None,
    *,
    known: bool,
) -> None:
    """Check that a write can be granted; ``known`` says whether the view knows who its callers are.

    Raises:
        NotUnderstoodError: it cannot.
    """
    reason = "" if shape.writes or presets else "nothing of a row can be written"
    if operation == "add":
        reason = shape.incomplete
    if not known and _USER in presets.values():
        reason = "nobody is signed in there, and it saves who is"
    if serializer is None:
        reason = "the serializer cannot be imported by its name"
    if reason:
        raise NotUnderstoodError(reason)


def _presets(probe: _Probe) -> Mapping[str, object]:
    """Return the columns that ``perform_create`` or ``perform_update`` sets.

    Raises:
        NotUnderstoodError: it does more than that.
    """
    if probe.operation not in _WRITES:
        return {}
    name = "perform_create" if probe.operation == "add" else "perform_update"
    own: Any = getattr(probe.endpoint.view, name)
    if own in {mixins.CreateModelMixin.perform_create, mixins.UpdateModelMixin.perform_update}:
        return {}
    found = _saved(own)
    columns = {one.own_name for one in probe.resource.attributes.values()}
    if found is None or not found.keys() <= columns:
        raise NotUnderstoodError(f"'{name}' is code of the view")
    return found


def _saved(function: Any) -> Mapping[str, object] | None:
    """Return what a function saves that is only ``serializer.save(owner=self.request.user)``.

    It is read, and not called: it writes.
    """
    try:
        [defined] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, SyntaxError, TypeError, ValueError):
        return None
    if not isinstance(defined, ast.FunctionDef) or defined.decorator_list:
        return None
    body = defined.body[1:] if ast.get_docstring(defined) else defined.body
    taken = [one.arg for one in defined.args.args]
    match body:
        case [ast.Expr(value=ast.Call(args=[], keywords=keywords, func=called))] if (
            len(taken) == 2 and ast.unparse(called) == f"{taken[1]}.save"  # noqa: PLR2004 - self, serializer
        ):
            return _keywords(keywords, taken[0])
    return None


def _keywords(keywords: list[ast.keyword], owner: str) -> Mapping[str, object] | None:
    found: dict[str, object] = {}
    for one in keywords:
        if one.arg is None:
            return None
        if ast.unparse(one.value) == f"{owner}.request.user":
            found[one.arg] = _USER
        elif isinstance(one.value, ast.Constant) and isinstance(one.value.value, str | int | bool):
            found[one.arg] = one.value.value
        else:
            return None
    return found


def _looks_up_key(view: Any, resource: Resource) -> bool:
    return view.lookup_field in {"pk", resource.pk.name}


def _add_lookup(view: Any, resource: Resource, narrowing: Narrowing) -> None:
    """A row that is found by another column than the key is one of a list that is filtered by it."""
    path = str(view.lookup_field).replace("__", ".")
    if takes_filter(path, resource):
        narrowing.filters.append(path)


def labels(found: Offers) -> Iterator[str]:
    """Yield the labels of the models that anything is known of, each once."""
    yield from dict.fromkeys([*(one.label for one in found.offers), *filter(None, found.lost)])
