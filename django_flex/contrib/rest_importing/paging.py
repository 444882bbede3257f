"""How many rows a page has at most, and how many requests there may be."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from typing import TYPE_CHECKING, Any

from rest_framework import pagination, throttling

from django_flex.contrib.rest_importing.probing import NotUnderstoodError

if TYPE_CHECKING:
    from collections.abc import Iterable

_RATE = re.compile(r"(?P<number>[1-9]\d*)/(?P<period>[smhd])")
#: What a page is put into as it is.
_REPLIES = frozenset({"Response", "dict", "OrderedDict", "len", "super().get_paginated_response"})
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_THROTTLES = frozenset(
    {throttling.AnonRateThrottle, throttling.UserRateThrottle, throttling.ScopedRateThrottle}
)


def largest_page(view: Any) -> tuple[int | None, str]:
    """Return how many rows a page has at most, ``None`` for any number, and what is not known."""
    pager = view.paginator
    if pager is None:
        return None, ""
    if isinstance(pager, pagination.PageNumberPagination | pagination.CursorPagination):
        free = pager.page_size_query_param is not None
        size = pager.max_page_size if free else pager.page_size
        known = _is_known(pager, "get_page_size")
    elif isinstance(pager, pagination.LimitOffsetPagination):
        size, known = pager.max_limit, _is_known(pager, "get_limit")
    else:
        size, known = None, False
    return size, "" if known else f"the pages of {type(pager).__name__} are those of code"


def refuse_own_pages(pager: Any) -> None:
    """Refuse a paginator that may leave out rows, or a part of them. ``None`` has all on one page.

    What it puts around a page is its own.

    Raises:
        NotUnderstoodError: it may.
    """
    if pager is None:
        return
    envelope = type(pager).get_paginated_response
    if not _is_known(pager, "paginate_queryset") or not (
        _is_known(pager, "get_paginated_response") or _passes_on(envelope)
    ):
        raise NotUnderstoodError(f"the pages of {type(pager).__name__} are those of code")


def _passes_on(function: Any) -> bool:
    """Whether a function puts what it gets into something else, and does nothing more with it."""
    try:
        [defined] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, SyntaxError, TypeError, ValueError):
        return False
    if not isinstance(defined, ast.FunctionDef) or len(defined.args.args) != 2:  # noqa: PLR2004 - self, data
        return False
    name = defined.args.args[1].arg
    uses = [one for one in ast.walk(defined) if isinstance(one, ast.Name) and one.id == name]
    placed = {
        id(value)
        for one in ast.walk(defined)
        for value in _placed(one)
        if isinstance(value, ast.Name)
    }
    return bool(uses) and all(id(one) in placed for one in uses)


def _placed(node: ast.AST) -> list[ast.expr]:
    """Return what a literal or a call of a reply has in it."""
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, ast.Tuple | ast.List):
        return node.elts
    if isinstance(node, ast.Call) and ast.unparse(node.func) in _REPLIES:
        return [*node.args, *(one.value for one in node.keywords)]
    return []


def _is_known(pager: Any, name: str) -> bool:
    """Whether a paginator of the project leaves the number of rows to REST framework."""
    owner = next(one for one in type(pager).__mro__ if name in vars(one))
    return owner.__module__.startswith("rest_framework.")


def rate_of(
    throttles: Iterable[Any], view: Any, *, anonymous: bool
) -> tuple[str | None, list[str]]:
    """Return the lowest rate of throttles for a kind of caller, and what has no counterpart."""
    rates: dict[float, str] = {}
    gaps: list[str] = []
    for one in throttles:
        if type(one) is throttling.AnonRateThrottle and not anonymous:
            continue
        written = _written(one, view)
        found = _RATE.match(written or "")
        if written is not None and found is None:
            gaps.append(f"the throttle {type(one).__name__} has no counterpart")
        if found is None:
            continue
        rate = f"{found['number']}/{found['period']}"
        rates[int(found["number"]) / _SECONDS[found["period"]]] = rate
    return (rates[min(rates)] if rates else None), gaps


def _written(throttle: Any, view: Any) -> str | None:
    """Return the rate of a throttle as it is written, ``None`` for no limit."""
    if type(throttle) not in _THROTTLES:
        return "code"
    if isinstance(throttle, throttling.ScopedRateThrottle):
        scope = getattr(view, throttle.scope_attr, None)
        rate = throttle.THROTTLE_RATES.get(scope) if scope else None
    else:
        rate = throttle.rate
    return None if rate is None else str(rate)
