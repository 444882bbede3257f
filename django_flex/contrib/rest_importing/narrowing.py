"""What a list may be filtered, searched and sorted by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rest_framework import filters

from django_flex.contrib.rest_importing.probing import NotUnderstoodError
from django_flex.scaffold.trying import takes_filter, takes_order, takes_search

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.schema.resources import Resource

_PACKAGE = "django_filters."
_BACKEND = "django_filters.rest_framework.backends"
#: Filters that compare a value with a column by their lookup, and nothing else.
_PLAIN = frozenset(
    {
        *("Filter", "CharFilter", "BooleanFilter", "ChoiceFilter", "TypedChoiceFilter"),
        *("UUIDFilter", "DateFilter", "DateTimeFilter", "IsoDateTimeFilter", "TimeFilter"),
        *("DurationFilter", "NumberFilter", "ModelChoiceFilter", "BaseInFilter"),
        *("BaseRangeFilter", "BaseCSVFilter"),
    }
)
#: Filters by several values.
_SEVERAL = frozenset(
    {"MultipleChoiceFilter", "ModelMultipleChoiceFilter", "AllValuesMultipleFilter"}
)
#: Filters between two values.
_BETWEEN = frozenset(
    {"RangeFilter", "NumericRangeFilter", "DateFromToRangeFilter", "DateTimeFromToRangeFilter"}
    | {"IsoDateTimeFromToRangeFilter", "TimeRangeFilter"}
)
#: What a filter says of its form field that does not decide which values it takes.
_HARMLESS = frozenset(
    {"required", "label", "help_text", "widget", "queryset", "to_field_name", "null_label"}
    | {"null_value", "empty_label", "blank", "input_formats", "initial", "localize"}
)
_PREFIXES = {"^": ".istartswith", "=": ".iexact"}


@dataclass(slots=True)
class Narrowing:
    """What a list may be narrowed and sorted by, and what is left out.

    ``chosen`` has the filters that only take certain values, with their paths.
    """

    filters: list[str] = field(default_factory=list)
    chosen: dict[str, str] = field(default_factory=dict)
    search: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    default_order: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


def narrowing_of(view: Any, queryset: Any, resource: Resource) -> Narrowing:
    """Return what the filter backends of a view allow.

    Raises:
        NotUnderstoodError: a backend may leave out rows by itself.
    """
    found = Narrowing()
    for backend in view.filter_backends:
        if backend is filters.SearchFilter:
            _add_search(backend(), view, resource, found)
        elif backend is filters.OrderingFilter:
            _add_orders(backend(), view, queryset, resource, found)
        elif backend.__module__ == _BACKEND and backend.__name__ == "DjangoFilterBackend":
            _add_filters(backend().get_filterset_class(view, queryset), resource, found)
        else:
            raise NotUnderstoodError(f"the filter backend {backend.__name__} is not understood")
    found.filters = [*dict.fromkeys(found.filters)]
    return found


def _add_search(backend: Any, view: Any, resource: Resource, found: Narrowing) -> None:
    for text in backend.get_search_fields(view, view.request) or ():
        operator = _PREFIXES.get(text[0])
        path = text.lstrip("^=@$").replace("__", ".")
        if operator is not None and takes_filter(path + operator, resource):
            found.filters.append(path + operator)
            found.gaps.append(f"search by {text!r} is the filter '{path}{operator}'")
        elif operator is None and text[0] not in "@$" and takes_search(path, resource):
            found.search.append(path)
        else:
            found.gaps.append(f"search by {text!r} has no counterpart")


def _add_orders(
    backend: Any, view: Any, queryset: Any, resource: Resource, found: Narrowing
) -> None:
    context = {"request": view.request}
    for name, _ in backend.get_valid_fields(queryset, view, context):
        path = name.replace("__", ".")
        orders = [path, f"-{path}"]
        if all(takes_order(one, resource) for one in orders):
            found.orders += orders
        else:
            found.gaps.append(f"ordering by {name!r} has no counterpart")
    default = backend.get_default_ordering(view) or ()
    found.default_order = [str(one).replace("__", ".") for one in default]


def _add_filters(filterset: Any, resource: Resource, found: Narrowing) -> None:
    """Add the filters of a filter set.

    Raises:
        NotUnderstoodError: the set leaves out rows by itself, or needs a value.
    """
    if filterset is None:
        return
    for name in ("qs", "filter_queryset", "is_valid", "__init__", "form", "get_form_class"):
        if not _is_of_package(filterset, name):
            raise NotUnderstoodError(f"'{name}' of {filterset.__name__} is not understood")
    known: set[str] = set()
    # One that takes any value comes first: it is granted as it is.
    for name, one in sorted(filterset.base_filters.items(), key=lambda it: _is_chosen(it[1])):
        if one.extra.get("required"):
            raise NotUnderstoodError(f"the filter {name!r} is required")
        if type(one).__name__ == "OrderingFilter" and _is_plain(one):
            _add_ordering_filter(one, resource, found)
            continue
        texts = list(_granted(one)) if _is_plain(one) else []
        good = [text for text in texts if takes_filter(text, resource)]
        found.filters += good
        if good and _is_chosen(one):
            path = str(one.field_name).replace("__", ".")
            found.chosen |= dict.fromkeys((text for text in good if text not in known), path)
        known.update(good)
        if not texts or len(good) < len(texts):
            found.gaps.append(f"the filter {name!r} has no counterpart")


def _is_of_package(filterset: Any, name: str) -> bool:
    """Whether a set has a method as django-filter wrote it.

    Its metaclass hides in which module a class was made, so that the methods are compared.
    """
    from django_filters import FilterSet
    from django_filters.rest_framework import FilterSet as RestFilterSet

    here = getattr(filterset, name, None)
    return here in {getattr(FilterSet, name, None), getattr(RestFilterSet, name, None)}


def _is_plain(one: Any) -> bool:
    """Whether a filter is one of the package, as it is there: for filters of columns it makes classes."""
    if getattr(one, "_method", None) is not None:
        return False
    return all(kind.__module__.startswith((_PACKAGE, "builtins")) for kind in type(one).__mro__)


def _is_chosen(one: Any) -> bool:
    """Whether a filter refuses some values, so that it tells less of a column than any value would."""
    rows = one.extra.get("queryset")
    if callable(rows) or not one.extra.keys() <= _HARMLESS:
        return True
    query = None if rows is None else rows.all().query
    return query is not None and bool(query.where or query.is_sliced)


def _granted(one: Any) -> Iterator[str]:
    """Yield the filters that a filter of django-filter is."""
    names = {kind.__name__ for kind in type(one).__mro__}
    path = str(one.field_name).replace("__", ".")
    lookup = str(one.lookup_expr).replace("__", ".")
    if one.extra.get("to_field_name") not in {None, "pk"} or getattr(one, "conjoined", False):
        return
    if names & _SEVERAL:
        if lookup == "exact":
            yield f"{path}.nin" if one.exclude else f"{path}.in"
    elif names & _BETWEEN:
        if not one.exclude:
            yield from (f"{path}.gte", f"{path}.lte")
    elif one.exclude:
        yield from {"exact": [f"{path}.ne"], "in": [f"{path}.nin"]}.get(lookup, ())
    elif lookup == "exact":
        yield path
    elif names & _PLAIN:
        yield f"{path}.{lookup}"


def _add_ordering_filter(one: Any, resource: Resource, found: Narrowing) -> None:
    """Add the orders that clients may choose: a set may leave out descending ones."""
    choices = one.extra["choices"]
    for name, _ in [] if callable(choices) else choices:
        order = str(one.get_ordering_value(name)).replace("__", ".")
        if takes_order(order, resource):
            found.orders.append(order)
        else:
            found.gaps.append(f"ordering by {name!r} has no counterpart")
