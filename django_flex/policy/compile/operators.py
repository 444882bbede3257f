"""Check the transforms and the operator of a granted filter against the kind of its value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.query.operators import DERIVED_KINDS, OPERATORS, TRANSFORMS

if TYPE_CHECKING:
    from django_flex.query.ast import Path


def operators_of(rest: Path, kind: str) -> Path:
    """Return the transforms and operator after a path; the default operator is ``exact``.

    Args:
        rest: the transforms, and the operator if there is one.
        kind: the kind of the value at the end of the path.

    Raises:
        KeyError: a transform or the operator does not apply to the kind.
    """
    if not rest or rest[-1] not in OPERATORS:
        rest = (*rest, "exact")
    for name in rest[:-1]:
        if name not in TRANSFORMS or kind not in TRANSFORMS[name].kinds:
            raise KeyError(name)
        kind = TRANSFORMS[name].result
    if DERIVED_KINDS.get(kind, kind) not in OPERATORS[rest[-1]].kinds:
        raise KeyError(rest[-1])
    return rest
