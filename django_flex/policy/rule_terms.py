"""The comparisons of a rule that is data, each with its whole path, for those who look at rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.query.ast import And, Comparison, Not, Or, Quantified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.query.ast import Condition, Path

#: Operators that find the rows which their opposite does not.
_COMPLEMENTS = frozenset({"ne", "nin"})


def rule_terms(condition: Condition, prefix: Path = ()) -> Iterator[tuple[Path, Comparison]]:
    """Yield each comparison of a condition, and its path from the model of the rule."""
    for path, comparison, _ in signed_terms(condition, prefix):
        yield path, comparison


def signed_terms(
    condition: Condition, prefix: Path = (), *, negative: bool = False
) -> Iterator[tuple[Path, Comparison, bool]]:
    """Yield what ``rule_terms`` does, and whether the rule is true of fewer rows the more rows compare."""
    match condition:
        case Comparison(path=path):
            yield (*prefix, *path), condition, negative ^ (path[-1] in _COMPLEMENTS)
        case Quantified(path=path, condition=child, quantifier=quantifier):
            inside = negative ^ (quantifier != "some")
            yield from signed_terms(child, (*prefix, *path), negative=inside)
        case Not(child=child):
            yield from signed_terms(child, prefix, negative=not negative)
        case And(children=children) | Or(children=children):
            for child in children:
                yield from signed_terms(child, prefix, negative=negative)
