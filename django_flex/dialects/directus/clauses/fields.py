"""``fields``, ``alias`` and ``deep``: what is shown of a row, as field terms and related queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django_flex.dialects.directus.clauses.deep import Deep, arguments_of, check_unused, parse_deep
from django_flex.dialects.directus.clauses.functions import Term, parse_term
from django_flex.dialects.directus.clauses.relations import Level
from django_flex.exceptions import LimitExceededError, QueryError
from django_flex.exceptions.places import Part, worded
from django_flex.query.ast import FieldTerm, Related
from django_flex.query.terms import ALIAS, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.query.ast import Path
    from django_flex.query.limits import Limits
    from django_flex.schema.resources import Relation

ALL = "*"
#: Only the place of an error: it must not tell whether a name is that of a relation.
PLACE = Part.FIELDS


@dataclass(frozen=True, slots=True)
class FunctionTerm(FieldTerm):
    """A function of a row behind a to-one relation: the reply shows its value under another name."""


@dataclass(frozen=True, slots=True)
class KeyTerm(FieldTerm):
    """The key of each row of a list under another name, which a reply shows as a list of keys."""


@dataclass(slots=True, eq=False)
class Wanted:
    """What is wanted of the rows of one level, by the names in the reply."""

    whole: bool = False
    functions: dict[str, Term] = field(default_factory=dict)
    inner: dict[str, Wanted] = field(default_factory=dict)

    def add(self, term: Term, names: Path) -> None:
        """Add a term, of which ``names`` are what is left from this level on."""
        if len(names) > 1 or (term.function is None and names != ()):
            self.inner.setdefault(names[0], Wanted()).add(term, names[1:])
        elif term.function is not None:
            self.functions[f"{names[0]}_{term.function}"] = Term(names, term.function)
        else:
            self.whole = True


@dataclass(frozen=True, slots=True)
class Shown:
    """What a query shows: terms about the rows themselves, and lists of related rows."""

    terms: tuple[FieldTerm, ...]
    related: tuple[Related, ...] = ()


def parse_shown(query: Mapping[str, object], level: Level, limits: Limits) -> Shown:
    """Return what ``fields``, ``alias`` and ``deep`` ask for.

    Args:
        query: the normalised parameters.
        level: that of the rows.
        limits: the caps of what is read.

    Raises:
        QueryError: a term, an alias or an argument makes no sense.
    """
    texts = query.get("fields") or [ALL]
    assert isinstance(texts, list)  # noqa: S101 - for mypy: it is normalised
    wanted = Wanted()
    for text in texts:
        term = parse_term(text, "fields", wildcard=True)
        wanted.add(term, term.path)
    names = parse_alias(query.get("alias"))
    deep = parse_deep(query.get("deep"), limits, limits.max_nesting)
    terms, related = _level(wanted, level, _Arguments(names, deep, limits), ())
    return Shown(tuple(terms), tuple(related))


def parse_alias(value: object) -> Mapping[str, str]:
    """Return other names of columns and relations: a name in the reply, and what it means.

    Raises:
        QueryError: a name has dots, or is none.
    """
    if value is None:
        return {}
    assert isinstance(value, Mapping)  # noqa: S101 - for mypy: it is normalised
    for name, source in value.items():
        good = isinstance(source, str) and ALIAS.fullmatch(name) and "." not in source
        if not good:
            raise QueryError(
                worded("'{}' is not an alias", excerpt(str(name))),
                path=f"alias.{excerpt(str(name))}",
                hint='{"top": "posts"}',
            )
    return {name: str(source) for name, source in value.items()}


@dataclass(slots=True, eq=False)
class _Expanded:
    """How many relations the wildcards of a query have become, on all levels together."""

    count: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Arguments:
    """What is said about the rows of a level apart from ``fields``; aliases only of the first."""

    names: Mapping[str, str]
    deep: Deep
    limits: Limits
    expanded: _Expanded = field(default_factory=_Expanded)

    def inside(self, name: str) -> _Arguments:
        return _Arguments({}, self.deep.inner.get(name, Deep()), self.limits, self.expanded)

    def expand(self) -> None:
        """Count a relation; each ``*`` more multiplies them, which the pipeline sees too late.

        Raises:
            LimitExceededError: there are more of them than a query may have fields.
        """
        self.expanded.count += 1
        _check_number(self.expanded.count, self.limits)


def _check_number(number: int, limits: Limits) -> None:
    if number > limits.max_fields:
        raise LimitExceededError(
            worded("Too many items: {}", number),
            path=PLACE,
            hint=worded("at most {}", limits.max_fields),
        )


def _level(
    wanted: Wanted, level: Level, asked: _Arguments, prefix: Path
) -> tuple[list[FieldTerm], list[Related]]:
    terms: list[FieldTerm] = []
    related: list[Related] = []
    for name, term in wanted.functions.items():
        source = asked.names.get(term.path[0], term.path[0])
        path = (*prefix, *Term((source,), term.function).meant)
        terms.append(FunctionTerm(path) if prefix else FieldTerm(path, alias=name))
    for name, inner in _members(wanted, level, asked):
        if name == ALL:
            terms.append(FieldTerm((*prefix, ALL)))
            continue
        found = _member(name, inner, level, asked, prefix)
        terms += found.terms
        related += found.related
    for name, unused in asked.deep.inner.items():
        if name not in wanted.inner:
            check_unused(unused, asked.limits)
    return terms, related


def _members(wanted: Wanted, level: Level, asked: _Arguments) -> Iterator[tuple[str, Wanted]]:
    """Yield the members of a level; ``*.*`` is each relation that the caller may read."""
    expanded = wanted.inner.get(ALL)
    members = dict(wanted.inner)
    if expanded is not None and expanded.inner:
        for relation in level.relations():
            members.setdefault(relation.name, expanded)
            asked.expand()
    _check_number(len(members), asked.limits)
    yield from members.items()


def _member(name: str, inner: Wanted, level: Level, asked: _Arguments, prefix: Path) -> Shown:
    source = asked.names.get(name, name)
    is_plain = not inner.inner and not inner.functions
    if is_plain and source == name and name not in asked.deep.inner:
        # A column, or the keys of a relation: the same term, whichever it is.
        return Shown((FieldTerm((*prefix, source)),))
    relation = level.relation(source)
    if relation is not None and relation.cardinality == "one":
        return _one(name, source, inner, (level, relation), asked, prefix)
    if relation is None and level.is_column(source):
        alias = name if source != name else None
        paths = [(*prefix, source, *path) for path in _paths(inner)]
        return Shown(tuple(FieldTerm(path, alias=alias) for path in paths))
    return _many(name, source, inner, (level, relation), asked, prefix)


def _paths(wanted: Wanted) -> Iterator[Path]:
    """Yield the ways into a JSON value."""
    if wanted.whole or not wanted.inner:
        yield ()
    for name, inner in wanted.inner.items():
        yield from ((name, *path) for path in _paths(inner))


def _one(
    name: str,
    source: str,
    inner: Wanted,
    way: tuple[Level, Relation],
    asked: _Arguments,
    prefix: Path,
) -> Shown:
    """Return the terms of a to-one relation: its key, or an object."""
    level, relation = way
    alias = name if source != name else None
    bare = FieldTerm((*prefix, source), alias=alias)
    inside = asked.inside(name)
    if not inner.inner and not inner.functions:
        return Shown((bare,), _arguments_of_one(prefix, source, inside))
    terms, related = _level(inner, level.behind(relation), inside, (*prefix, source))
    if alias is not None:
        if related:
            raise QueryError("A list inside a renamed object is not supported", path="alias")
        if not any(term.is_wildcard for term in terms):
            terms.insert(0, FieldTerm((source, relation.target.pk.name)))
        terms = [FieldTerm(term.path, alias=alias) for term in dict.fromkeys(terms)]
    return Shown(tuple(terms), (*related, *_arguments_of_one(prefix, source, inside)))


def _arguments_of_one(prefix: Path, source: str, asked: _Arguments) -> tuple[Related, ...]:
    """Return a query for related rows where there is only one, for the pipeline to refuse."""
    arguments = arguments_of(asked.deep, None, asked.limits)
    if not arguments:
        return ()
    path = (*prefix, source)
    return (Related(name=path, source=path, place=PLACE, **arguments),)


def _many(
    name: str,
    source: str,
    inner: Wanted,
    way: tuple[Level, Relation | None],
    asked: _Arguments,
    prefix: Path,
) -> Shown:
    """Return the query of a list of related rows; also of what does not exist, to be refused."""
    level, relation = way
    inside = asked.inside(name)
    below = Level(level.resource, None) if relation is None else level.behind(relation)
    terms, related = _level(inner, below, inside, ())
    bare: tuple[FieldTerm, ...] = ()
    if not terms and not related:
        if source == name:
            bare = (FieldTerm((*prefix, source)),)  # the keys of the rows
        else:
            key = "id" if relation is None else relation.target.pk.name
            terms = [KeyTerm((key,))]
    arguments = arguments_of(
        inside.deep, None if relation is None else below.resource, asked.limits
    )
    entry = Related(
        name=(*prefix, name),
        source=(*prefix, source),
        place=PLACE,
        fields=tuple(terms) if terms else None,
        related=tuple(related),
        **{"limit": asked.limits.default_limit, **arguments},
    )
    return Shown(bare, (entry,))
