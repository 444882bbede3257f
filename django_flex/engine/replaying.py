"""What a caller may read, as texts: a stored reply is not repeated to one who may read less by now.

The reply to a write may show related rows, so this is about all models in reach. It says which role
the caller has there, which fields and which rows that means, and the values of the caller that decide
which rows; not what code decides (a callable, a ``queryset``), or what is stored in the rows.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from django.db.models import Q

from django_flex.access.roles import resolve_grant
from django_flex.idempotency import EVERY_ROW, ROWS_OF
from django_flex.policy.rule_terms import rule_terms
from django_flex.query.ast import UserValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_flex.access.actor import Actor
    from django_flex.access.roles import ResolvedGrant
    from django_flex.engine.call import Call
    from django_flex.policy.model import Policy, RowRule
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Resource

#: Values that are equal if their texts are.
_PLAIN = (bool, int, str, type(None))


def readable_parts(call: Call, labels: Sequence[str]) -> Iterator[str]:
    """Yield what the caller of a write may read of its models and those that they lead to.

    Each part is one text. Where the same parts could mean less than before, they are others.

    Args:
        call: the write.
        labels: of the models that it is about.
    """
    policy, depth = call.policy, call.settings.limits.max_relation_depth
    for label in _in_reach(policy, labels, depth):
        entry = policy.entries.get(label)
        if call.entry is not None and call.entry.resource.label == label:
            entry = call.entry
        if entry is None:
            yield f"{label} has no entry"
            continue
        for part in _parts(resolve_grant(policy, entry, call.actor), call.actor):
            yield f"{label}{part}"


def _in_reach(policy: Policy, labels: Sequence[str], depth: int) -> set[str]:
    """Return the labels of models, and of those that a path from them may lead to."""
    found, edge = set(labels), {policy.schema.find(label) for label in labels}
    for _ in range(depth):
        beyond = {label: one for near in edge for label, one in _neighbours(near)}
        edge = {one for label, one in beyond.items() if label not in found}
        found |= beyond.keys()
    return found


def _neighbours(resource: Resource) -> Iterator[tuple[str, Resource]]:
    for relation in resource.relations.values():
        target = relation.target
        if relation.same_row:  # a generic foreign key, which leads on without being a hop
            yield from _neighbours(target)
        else:
            yield target.label, target


def _parts(granted: ResolvedGrant, actor: Actor) -> Iterator[str]:
    grant = granted.grant
    if grant is None and not granted.failed:
        yield " says nothing of the caller"  # who then sees what paths to it say
    if grant is None or grant.empty:
        return
    if grant.unrestricted:
        yield " everything"
        return
    if "list" in grant.operations:
        yield " lists"
    hidden = ", ".join(sorted(map(".".join, grant.exclude)))
    for path in grant.fields.written:
        yield f" {'.'.join(path)} but {hidden}"
    yield _rows(granted.rows, f"{ROWS_OF}{grant.role}", actor)


def _rows(rule: RowRule, name: str, actor: Actor) -> str:
    if rule.kind == "all":
        return EVERY_ROW
    if rule.condition is None:
        return f"{name}{_plain_values(rule.q)}" if isinstance(rule.q, Q) else name
    terms = (one.value for _, one in rule_terms(rule.condition))
    paths = {one.path for one in terms if isinstance(one, UserValue)}
    digest = blake2b(repr(rule.condition).encode(), digest_size=8).hexdigest()
    return f"{name} {digest} {sorted((path, _value(path, actor.user)) for path in paths)}"


def _value(path: Path, user: object) -> str:
    found: object = user
    for step in ("pk", *path[1:]) if path[0] == "id" else path:
        try:
            found = getattr(found, step)
        except Exception:  # noqa: BLE001 - without such a value there are no rows, whatever it raises
            return "none"
    return str(found)


def _plain_values(condition: Q) -> list[object]:
    """Return the comparisons of a condition of the role resolver, as far as their values have texts."""
    found: list[object] = []
    for child in condition.children:
        if isinstance(child, Q):
            found.append(_plain_values(child))
        elif isinstance(child, tuple):
            lookup, value = child
            found.append((lookup, value if isinstance(value, _PLAIN) else type(value).__name__))
    return found
