"""The comparisons of a rule that is data, each with its whole path, for those who look at rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.query.ast import And, Comparison, Not, Or, Quantified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.query.ast import Condition, Path


def rule_terms(condition: Condition, prefix: Path = ()) -> Iterator[tuple[Path, Comparison]]:
    """Yield each comparison of a condition, and its path from the model of the rule."""
    match condition:
        case Comparison(path=path):
            yield (*prefix, *path), condition
        case Quantified(path=path, condition=child):
            yield from rule_terms(child, (*prefix, *path))
        case Not(child=child):
            yield from rule_terms(child, prefix)
        case And(children=children) | Or(children=children):
            for child in children:
                yield from rule_terms(child, prefix)
