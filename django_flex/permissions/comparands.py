"""The right-hand side of a comparison: values typed by the column, dynamic values bound."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from django_flex.exceptions import InvalidValueError, LimitExceededError, QueryError
from django_flex.query.ast import Constant, Now, ParameterText, UserValue
from django_flex.query.operators import DERIVED_KINDS, OPERATORS, operators_for
from django_flex.query.patterns import pattern_fault
from django_flex.schema.values import UnfitValueError, at_zone, coerce

if TYPE_CHECKING:
    from django.db import models

    from django_flex.permissions.roles import Actor
    from django_flex.query.limits import Limits
    from django_flex.query.operators import Operator

PAIR = 2


class NoValueError(Exception):
    """A value of the caller that there is none of: nothing equals it. Internal."""


class Binder:
    """Binds the values of one query: whose it is, and what a client may name of the caller."""

    __slots__ = ("actor", "limits", "user_values")

    def __init__(self, actor: Actor, limits: Limits | None, user_values: frozenset[str]) -> None:
        self.actor = actor
        self.limits = limits
        self.user_values = user_values

    def bind(self, value: Any, operator: str, kind: str, field: Any, place: str) -> Any:
        """Return the value of a comparison as Django's lookups take it.

        Raises:
            InvalidValueError: it does not fit the column or the operator.
            NoValueError: it is a value of the caller, who has none.
        """
        rule = OPERATORS[operator]
        if DERIVED_KINDS.get(kind, kind) not in rule.kinds:
            raise QueryError(
                f"'{operator}' does not apply to this field",
                path=place,
                hint=f"one of {', '.join(operators_for(kind))}",
            )
        if isinstance(value, Constant):
            value = value.value
        if value is None:
            return _null(rule, place)
        return self._typed(value, rule, kind, field, place)

    def _typed(self, value: Any, rule: Operator, kind: str, field: Any, place: str) -> Any:
        if rule.takes in {"list", "pair", "keys"}:
            inner = "text" if rule.takes == "keys" else kind
            parts = _parts(value, place)
            self._check_count(len(parts), place)
            if rule.takes == "pair" and len(parts) != PAIR:
                raise InvalidValueError("Two values are needed", path=place, hint='"1,10"')
            ordered = rule.takes == "pair"
            return [self._one(part, inner, field, place, ordered=ordered) for part in parts]
        if rule.takes == "pattern":
            return self._pattern(value, field, place)
        if rule.takes == "boolean":
            return self._one(value, "boolean", field, place)
        textual = kind == "json" and rule.takes == "value" and not _compares_json(rule.name)
        ordered = rule.name in {"lt", "lte", "gt", "gte"}
        return self._one(value, "text" if textual else kind, field, place, ordered=ordered)

    def _check_count(self, found: int, place: str) -> None:
        """A comma list is one text to the parser, so its items are counted here."""
        if self.limits is not None and found > self.limits.max_in_items:
            raise LimitExceededError(
                f"Too many values: {found}",
                path=place,
                hint=f"at most {self.limits.max_in_items}",
            )

    def _one(
        self,
        value: Any,
        kind: str,
        field: models.Field[Any, Any],
        place: str,
        *,
        ordered: bool = False,
    ) -> Any:
        if isinstance(value, UserValue):
            value = self._user_value(value, place)
        elif isinstance(value, Now):
            value = _now(value, kind, place)
        try:
            coerced = coerce(value, kind, field)
        except UnfitValueError as error:
            raise InvalidValueError(
                "The value does not fit", path=place, hint=str(error)
            ) from error
        if kind == "json" and ordered and not _has_order(coerced):
            raise InvalidValueError("The value does not fit", path=place, hint="a number or a text")
        return coerced

    def _pattern(self, value: Any, field: Any, place: str) -> str:
        pattern = str(self._one(value, "text", field, place))
        if self.limits is not None and len(pattern) > self.limits.max_pattern_length:
            raise LimitExceededError(
                "The pattern is too long",
                path=place,
                hint=f"at most {self.limits.max_pattern_length} characters",
            )
        fault = pattern_fault(pattern)
        if fault:
            raise InvalidValueError(f"The pattern {fault}", path=place)
        return pattern

    def _user_value(self, value: UserValue, place: str) -> Any:
        name = ".".join(value.path)
        if self.limits is not None and name not in {"id", "pk", *self.user_values}:
            raise InvalidValueError(
                "There is no such value of the caller",
                path=place,
                hint=f"one of {', '.join(sorted({'id', *self.user_values}))}",
            )
        found: Any = self.actor.user
        for step in value.path:
            found = getattr(
                found, "pk" if step == "id" and found is self.actor.user else step, None
            )
        if found is None:
            raise NoValueError
        return found


def _null(rule: Operator, place: str) -> None:
    if rule.name != "exact":
        raise InvalidValueError(
            f"null means nothing for '{rule.name}'", path=place, hint="use isnull: true or false"
        )


def _parts(value: Any, place: str) -> tuple[Any, ...]:
    if isinstance(value, str):
        maker = type(value) if isinstance(value, ParameterText) else str
        return tuple(maker(part.strip()) for part in value.split(",")) if value else ()
    if not isinstance(value, tuple | list):
        raise InvalidValueError("A list is needed", path=place, hint='["a", "b"] or "a,b"')
    return tuple(value)


def _compares_json(operator: str) -> bool:
    return operator in {"exact", "ne", "lt", "lte", "gt", "gte"}


def _has_order(value: Any) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def _now(value: Now, kind: str, place: str) -> Any:
    moment = timezone.now()
    try:
        moment += timedelta(seconds=value.seconds)
        stored = at_zone(moment)
    except OverflowError as error:
        raise InvalidValueError("The offset in time is too large", path=place) from error
    if kind == "datetime":
        return stored
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    if kind == "date":
        return local.date()
    if kind == "time":
        return local.time()
    raise InvalidValueError("'$now' needs a date or time field", path=place)
