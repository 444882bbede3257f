"""Conditions on rows, as data: ``F(price__gte=5) & ~F("customer.name", "contains", "x")``.

They know nothing of a wire form; a dialect writes them down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

from django_flex.client.exceptions import BuildError, UnknownOperator

Takes: TypeAlias = Literal["value", "list", "pair", "boolean", "nothing", "document"]
Quantifier: TypeAlias = Literal["some", "none", "every"]


@dataclass(frozen=True, slots=True)
class Operator:
    """A test: its ``name`` here, what it ``takes``, the names that other clients give it, and the
    operator whose complement it is.
    """  # noqa: D205 # one sentence

    name: str
    takes: Takes = "value"
    synonyms: tuple[str, ...] = ()
    complement: str = ""


_OPERATORS = (
    Operator("eq", synonyms=("exact",), complement="ne"),
    Operator("ne", synonyms=("neq",), complement="eq"),
    Operator("ieq", synonyms=("iexact",), complement="nieq"),
    Operator("nieq", complement="ieq"),
    Operator("lt", complement="gte"),
    Operator("lte", complement="gt"),
    Operator("gt", complement="lte"),
    Operator("gte", complement="lt"),
    Operator("in", "list", complement="nin"),
    Operator("nin", "list", complement="in"),
    Operator("range", "pair", ("between",), "nrange"),
    Operator("nrange", "pair", ("nbetween",), "range"),
    Operator("isnull", "boolean", ("null",), "notnull"),
    Operator("notnull", "boolean", ("nnull",), "isnull"),
    Operator("empty", "boolean", complement="nempty"),
    Operator("nempty", "boolean", complement="empty"),
    *(
        Operator(
            f"{negated}{ignoring}{name}",
            synonyms=tuple(f"{negated}{ignoring}{synonym}" for synonym in synonyms),
            complement=f"{'' if negated else 'n'}{ignoring}{name}",
        )
        for negated in ("", "n")
        for ignoring in ("", "i")
        for name, synonyms in (
            ("contains", ()),
            ("startswith", ("starts_with",)),
            ("endswith", ("ends_with",)),
        )
    ),
    Operator("regex"),
    Operator("iregex"),
    Operator("has_key"),
    Operator("has_keys", "list"),
    Operator("has_any_keys", "list"),
    Operator("contained_by", "document"),
    Operator("overlap", "document"),
    Operator("adjacent", "document"),
    Operator("within", "document"),
    Operator("bbox", "list"),
    Operator("distance_lte", "document"),
    Operator("json", "document"),
    Operator("intersects", "document", complement="nintersects"),
    Operator("nintersects", "document", complement="intersects"),
    Operator("intersects_bbox", "document", complement="nintersects_bbox"),
    Operator("nintersects_bbox", "document", complement="intersects_bbox"),
)
OPERATORS: Mapping[str, Operator] = {operator.name: operator for operator in _OPERATORS}
_NAMES: Mapping[str, Operator] = {
    name: operator for operator in _OPERATORS for name in (operator.name, *operator.synonyms)
}
#: What people write who come from elsewhere, and what they mean.
_FOREIGN = {
    "like": "contains", "ilike": "icontains", "equals": "eq", "is": "eq", "not": "ne",
    "ge": "gte", "le": "lte", "notin": "nin", "not_in": "nin", "is_null": "isnull",
    "search": "icontains",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparison:
    """``path operator value``; the path has a segment for each relation, field and transform."""

    path: tuple[str, ...]
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Group:
    """All (``and``) or any (``or``) of the conditions."""

    joined: Literal["and", "or"]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """The rows that the condition does not match."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Quantified:
    """Some, none or every row of the relation matches the condition."""

    path: tuple[str, ...]
    quantifier: Quantifier
    condition: Condition


Condition: TypeAlias = Comparison | Group | Negation | Quantified
NOTHING = Group("and", ())


class F:
    """A condition; combined with ``&``, ``|`` and ``~``.

    ``F(status="paid", price__gte=5)`` matches both. The last name of a keyword is an operator if it
    is one; a field that is called like an operator is written out: ``F("item.range", "eq", 5)``.
    ``F("customer.name", "contains", "x")`` names path and operator apart, and ``F("status", "paid")``
    is equality.

    Raises:
        UnknownOperator: there is no such operator; the message suggests one.
    """

    __slots__ = ("condition",)
    condition: Condition

    def __init__(self, *test: Any, **tests: Any) -> None:
        conditions = [_explicit(*test)] if test else []
        conditions += [_keyword(name, value) for name, value in tests.items()]
        self.condition = all_of(conditions)

    @classmethod
    def of(cls, condition: Condition) -> F:
        """Return the ``F`` of a condition."""
        made = cls()
        made.condition = condition
        return made

    @classmethod
    def some(cls, path: str, *tests: F, **more: Any) -> F:
        """Return the condition that some row of the relation matches all of ``tests``."""
        return cls._quantified(path, "some", tests, more)

    @classmethod
    def none(cls, path: str, *tests: F, **more: Any) -> F:
        """Return the condition that no row of the relation matches all of ``tests``."""
        return cls._quantified(path, "none", tests, more)

    @classmethod
    def every(cls, path: str, *tests: F, **more: Any) -> F:
        """Return the condition that every row of the relation matches all of ``tests``."""
        return cls._quantified(path, "every", tests, more)

    @classmethod
    def _quantified(
        cls, path: str, quantifier: Quantifier, tests: tuple[F, ...], more: Mapping[str, Any]
    ) -> F:
        condition = conjunction(tests, more)
        if condition == NOTHING:
            raise BuildError(f"{quantifier} of {path!r} needs a condition")
        return cls.of(Quantified(segments(path), quantifier, condition))

    def __and__(self, other: F) -> F:
        return F.of(all_of([self.condition, other.condition]))

    def __or__(self, other: F) -> F:
        if NOTHING in (self.condition, other.condition):
            return F()
        return F.of(Group("or", (*_alternatives(self), *_alternatives(other))))

    def __invert__(self) -> F:
        if isinstance(self.condition, Negation):
            return F.of(self.condition.condition)
        if self.condition == NOTHING:
            raise BuildError("~F() would match nothing; an F needs a condition to be negated")
        return F.of(Negation(self.condition))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, F) and self.condition == other.condition

    def __hash__(self) -> int:
        return hash(repr(self.condition))

    def __repr__(self) -> str:
        return f"F({describe(self.condition)})"


def segments(path: str) -> tuple[str, ...]:
    """Return the segments of a path that is written with dots or double underscores.

    Raises:
        BuildError: one of them is empty.
    """
    parts = tuple(path.split(".") if "." in path else path.split("__"))
    if not all(parts):
        raise BuildError(f"{path!r} is not a path")
    return parts


def operator_named(name: str) -> Operator:
    """Return the operator of this name or synonym, with or without a leading ``_``.

    Raises:
        UnknownOperator: there is none; the message suggests one.
    """
    found = _NAMES.get(name) or _NAMES.get(name.removeprefix("_"))
    if found is None:
        raise UnknownOperator(f"There is no operator {name!r}{_suggestion(name)}")
    return found


def conjunction(tests: Iterable[F | Mapping[str, Any]], more: Mapping[str, Any]) -> Condition:
    """Return the condition that all of ``tests`` and of the keywords ``more`` hold.

    A mapping has dotted paths and operators as keys: ``{"price.gte": 5}``.
    """
    conditions = []
    for test in tests:
        if isinstance(test, F):
            conditions.append(test.condition)
        else:
            conditions += [_dotted(path, value) for path, value in test.items()]
    return all_of([*conditions, *(_keyword(name, value) for name, value in more.items())])


def all_of(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that all of these hold, without groups of one."""
    flat: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, Group) and condition.joined == "and":
            flat += condition.conditions
        else:
            flat.append(condition)
    return flat[0] if len(flat) == 1 else Group("and", tuple(flat))


def describe(condition: Condition) -> str:
    """Return the condition in words, as it is shown to people."""
    match condition:
        case Comparison(path, operator, value):
            return f"{'.'.join(path)} {operator.name} {value!r}"
        case Group(joined, conditions):
            return f" {joined} ".join(
                f"({describe(part)})" if isinstance(part, Group) else describe(part)
                for part in conditions
            )
        case Negation(inner):
            return f"not ({describe(inner)})"
        case Quantified(path, quantifier, inner):
            return f"{quantifier} {'.'.join(path)} with ({describe(inner)})"


def _alternatives(test: F) -> tuple[Condition, ...]:
    condition = test.condition
    if isinstance(condition, Group) and condition.joined == "or":
        return condition.conditions
    return (condition,)


def _explicit(*test: Any) -> Condition:
    match test:
        case (F() as inner,):
            return inner.condition
        case (str() as path, value):
            return _compared(segments(path), _NAMES["eq"], value)
        case (str() as path, str() as name, value):
            return _compared(segments(path), operator_named(name), value)
        case _:
            raise BuildError("F takes a path and a value, or a path, an operator and a value")


def _keyword(name: str, value: Any) -> Condition:
    *before, last = segments(name)
    if before and last in _NAMES:
        return _compared(tuple(before), _NAMES[last], value)
    if before and (last in _FOREIGN or get_close_matches(last, _NAMES, 1, 0.85)):
        raise UnknownOperator(
            f"There is no operator {last!r} in {name!r}{_suggestion(last)};"
            f" a field of this name is written F({'.'.join((*before, last))!r}, ...)"
        )
    return _compared((*before, last), _NAMES["eq"], value)


def _dotted(path: str, value: Any) -> Condition:
    *before, last = path.split(".")
    if before and last in _NAMES:
        return _compared(tuple(before), _NAMES[last], value)
    return _compared(segments(path), _NAMES["eq"], value)


def _compared(path: tuple[str, ...], operator: Operator, value: Any) -> Condition:
    where = f"{'.'.join(path)} {operator.name}"
    if operator.takes == "boolean":
        if not isinstance(value, bool):
            raise BuildError(f"{where} takes True or False, not {value!r}")
        if not value:
            operator, value = OPERATORS[operator.complement], True
    elif operator.takes in {"list", "pair"}:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            raise BuildError(f"{where} takes a list, not {value!r}")
        value = list(value)
        if operator.takes == "pair" and len(value) != 2:  # noqa: PLR2004 # a pair
            raise BuildError(f"{where} takes two values, the least and the greatest, not {value!r}")
    elif value is None and operator.name not in {"eq", "ne"}:
        raise BuildError(f"{where} takes a value, not None; isnull asks for null")
    return Comparison(path, operator, value)


def _suggestion(name: str) -> str:
    name = name.removeprefix("_")
    near = [_FOREIGN[name]] if name in _FOREIGN else get_close_matches(name, _NAMES, 1, 0.6)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(sorted(OPERATORS))}"
