"""The right-hand side of a comparison: values typed by the column, dynamic values bound."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from django_flex.binding.array_values import array_comparand
from django_flex.binding.geometry_values import geometry_comparand
from django_flex.binding.range_values import range_comparand
from django_flex.binding.request_time import request_time
from django_flex.exceptions import InvalidValueError, LimitExceededError, QueryError
from django_flex.exceptions.places import counted, worded
from django_flex.query.ast import Constant, Now, ObjectValue, ParameterText, UserValue
from django_flex.query.filters import no_value
from django_flex.query.kinds import WITH_ITEMS
from django_flex.query.operators import DERIVED_KINDS, OPERATORS, TRANSFORMS, operators_for
from django_flex.query.patterns import pattern_fault
from django_flex.schema.field_checks import check_json_value, check_lookup
from django_flex.schema.inputs import check_json
from django_flex.schema.values import UnfitValueError, coerce

if TYPE_CHECKING:
    from django_flex.binding.caller import Caller
    from django_flex.query.ast import Path
    from django_flex.query.limits import Limits
    from django_flex.query.operators import Operator
    from django_flex.schema.resources import Attribute

PAIR = 2
#: A datetime whose offset has lost its "+", which means a space in a URL.
_LOST_PLUS = re.compile(r"\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)? \d\d:?\d\d$")


class NoValueError(Exception):
    """The caller lacks a value that a rule uses: nothing equals it. Internal."""


class UnknownUserValueError(NoValueError):
    """A path that leads nowhere from this caller: a mistake in the settings. It was logged."""


class UnmatchedError(Exception):
    """A client compares with a value that they lack: nothing equals it. Internal."""


class Comparands:
    """Binds the values of one query: whose it is, and what a client may name of the caller.

    A rule of the operator has no ``limits``. Without a ``caller`` it is only tried: its
    values are left out, everything else has to fit.
    """

    __slots__ = ("caller", "limits", "user_values")

    def __init__(
        self, caller: Caller | None, limits: Limits | None, user_values: frozenset[str]
    ) -> None:
        self.caller = caller
        self.limits = limits
        self.user_values = user_values

    def bind(self, value: object, operator: str, kind: str, column: Attribute, place: str) -> Any:
        """Return the value of a comparison as Django's lookups take it.

        Raises:
            InvalidValueError: it does not fit the column or the operator.
            NoValueError: a rule of the operator needs a value that the caller lacks.
            UnmatchedError: a client compares with a value that they lack.
        """
        rule = OPERATORS[operator]
        if DERIVED_KINDS.get(kind, kind) not in rule.kinds:
            raise QueryError(
                worded("'{}' does not apply to this field", operator),
                path=place,
                hint=worded("one of {}", ", ".join(operators_for(kind))),
            )
        if isinstance(value, ObjectValue) and not _takes_objects(rule, kind):
            raise no_value(value.value, place)
        if isinstance(value, Constant):
            value = value.value
        if value is None:
            return _null(rule, place)
        if kind == "geometry" and rule.takes != "boolean":
            known = partial(self._known, column=column, place=place)
            return geometry_comparand(value, rule, column, known, place)
        return self._typed(value, rule, kind, column, place)

    def _typed(
        self, value: object, rule: Operator, kind: str, column: Attribute, place: str
    ) -> object:
        if kind in WITH_ITEMS and rule.takes != "boolean":
            one = partial(self._one, place=place)
            made = array_comparand if kind == "array" else range_comparand
            return made(value, rule, column, one, place)
        if rule.takes in {"list", "pair", "keys"}:
            inner = "text" if rule.takes == "keys" else kind
            parts = _parts(value, place)
            self._check_count(len(parts), place)
            if rule.takes == "pair" and len(parts) != PAIR:
                raise InvalidValueError("Two values are needed", path=place, hint='"1,10"')
            ordered = rule.takes == "pair"
            return [self._one(part, inner, column, place, ordered=ordered) for part in parts]
        if rule.takes == "pattern":
            return self._pattern(value, column, place)
        if rule.takes == "boolean":
            return self._one(value, "boolean", column, place)
        if kind == "json" and _is_document(value, rule):
            return self._document(value, column, place)
        if kind == "hstore" and isinstance(value, ObjectValue):
            value = value.value
        textual = kind == "json" and not _compares_json(rule.name)
        textual = textual or (kind == "hstore" and rule.name == "has_key")
        ordered = rule.name in {"lt", "lte", "gt", "gte"}
        return self._one(value, "text" if textual else kind, column, place, ordered=ordered)

    def _known(self, value: object, column: Attribute, place: str) -> object:
        """Return a value of the caller where one is named; others are left as they are."""
        return self._user_value(value, column, place) if isinstance(value, UserValue) else value

    def _check_count(self, found: int, place: str) -> None:
        """A comma list is one text to the parser, so its items are counted here."""
        if self.limits is not None and found > self.limits.max_in_items:
            raise LimitExceededError(
                worded("Too many values: {}", found),
                path=place,
                hint=worded("at most {}", self.limits.max_in_items),
            )

    def _one(
        self,
        value: object,
        kind: str,
        column: Attribute,
        place: str,
        *,
        ordered: bool = False,
    ) -> object:
        if isinstance(value, UserValue):
            value = self._user_value(value, column, place)
        elif isinstance(value, Now):
            value = request_time(value, kind, place)
        try:
            coerced = coerce(value, kind, column)
        except UnfitValueError as error:
            raise InvalidValueError(
                "The value does not fit",
                path=place,
                hint=worded("{}{}", error.expected, _advice(value, kind)),
            ) from error
        if kind == "json" and ordered and not _has_order(coerced):
            raise InvalidValueError(
                "The value does not fit", path=place, hint="a number or a string"
            )
        return coerced

    def _document(self, value: object, column: Attribute, place: str) -> object:
        """Return a JSON value that is looked for in others, or that others are looked for in."""
        document = self._one(value, "json", column, place)
        try:
            check_json(document)
        except UnfitValueError as error:
            raise InvalidValueError(
                "The value does not fit", path=place, hint=error.expected
            ) from error
        return document

    def _pattern(self, value: object, column: Attribute, place: str) -> str:
        pattern = str(self._one(value, "text", column, place))
        if self.limits is not None and len(pattern) > self.limits.max_pattern_length:
            raise LimitExceededError(
                "The pattern is too long",
                path=place,
                hint=counted(
                    self.limits.max_pattern_length, "at most {} character", "at most {} characters"
                ),
            )
        fault = pattern_fault(pattern)
        if fault:
            raise InvalidValueError(worded("The pattern {}", fault), path=place)
        return pattern

    def _user_value(self, value: UserValue, column: Attribute, place: str) -> object:
        """Return a value of the caller.

        Raises:
            InvalidValueError: a client may not name it.
            NoValueError: a rule needs it, and the caller has none.
            UnmatchedError: a client names it, and has none.
        """
        name = ".".join(value.path)
        if self.limits is not None and name not in {"id", "pk", *self.user_values}:
            raise InvalidValueError(
                "There is no such value of the caller",
                path=place,
                hint=worded("one of {}", ", ".join(sorted({"id", *self.user_values}))),
            )
        if self.caller is None:
            raise UnmatchedError
        try:
            return _known(self.caller.value(value.path, column))
        except NoValueError:
            if self.limits is None:
                raise
            raise UnmatchedError from None


def check_taken(value: Any, rest: Path, column: Attribute, place: str) -> None:
    """Check that a column's field takes a bound value, behind transforms that are not asked.

    Args:
        value: from ``Comparands.bind``.
        rest: transforms and an operator.
        column: what it is compared with.
        place: of the comparison.

    Raises:
        InvalidValueError: it does not, as a project's own field or lookup may say.
    """
    *transforms, operator = rest
    if transforms or column.kind == "geometry":
        return
    try:
        if value is None:
            check_lookup(True, column, "isnull")
            return
        if column.kind == "json":
            # Our own expressions compare JSON; the values in them are made by the field.
            many = OPERATORS[operator].takes == "list"
            whole = _compares_json(operator) or isinstance(value, Mapping | list)
            if many or whole:
                for one in value if many else [value]:
                    check_json_value(one, column)
            return
        check_lookup(value, column, OPERATORS[operator].comparison)
    except UnfitValueError as error:
        raise InvalidValueError(
            "The value does not fit", path=place, hint=error.expected
        ) from error


def _advice(value: object, kind: str) -> str:
    """Return what else to say about a value that does not fit."""
    if isinstance(value, tuple) and kind not in WITH_ITEMS:
        return worded("; a list needs an operator such as 'in'")
    if kind == "datetime" and isinstance(value, str) and _LOST_PLUS.search(value):
        return worded("; the '+' of an offset is written as %2B in a URL")
    return ""


def _known(value: object) -> Any:
    """Return a value of the caller; an empty text is how Django stores that there is none."""
    if value == "":
        raise NoValueError
    return value


def _null(rule: Operator, place: str) -> None:
    if rule.name != "exact":
        raise InvalidValueError(
            worded("null has no meaning for '{}'", rule.name),
            path=place,
            hint="use isnull: true or false",
        )


def _parts(value: object, place: str) -> tuple[object, ...]:
    if isinstance(value, str):
        maker = type(value) if isinstance(value, ParameterText) else str
        return tuple(maker(part.strip()) for part in value.split(",")) if value else ()
    if not isinstance(value, tuple | list):
        raise InvalidValueError("A list is needed", path=place, hint='["a", "b"] or "a,b"')
    return tuple(value)


def _takes_objects(rule: Operator, kind: str) -> bool:
    """Whether an object may be sent as it is, without ``$value`` around it."""
    if kind == "geometry":
        return rule.takes != "boolean"
    return kind == "range" or (kind in {"json", "hstore"} and rule.takes in {"part", "document"})


def _is_document(value: object, rule: Operator) -> bool:
    """Whether a JSON value is meant as such; a text that is contained is text."""
    inside = rule.takes == "part" and isinstance(value, Mapping | list | tuple)
    return inside or rule.takes == "document"


def _compares_json(operator: str) -> bool:
    return operator in {"exact", "ne", "lt", "lte", "gt", "gte"}


def _has_order(value: object) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def derived_kind(kind: str, transforms: Iterable[str], place: str) -> str:
    """Return the kind of a value of ``kind`` after ``transforms``.

    Raises:
        QueryError: one of them does not apply.
    """
    for name in transforms:
        transform = TRANSFORMS[name]
        if kind not in transform.kinds:
            raise QueryError(worded("'{}' does not apply to this field", name), path=place)
        kind = transform.result
    return kind
