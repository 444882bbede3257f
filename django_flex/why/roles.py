"""Which role a caller has on a model, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.access.roles import role_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.access.actor import Actor
    from django_flex.access.roles import ResolvedGrant, RoleStep
    from django_flex.policy.model import Entry


def steps_of(
    entry: Entry, actor: Actor, granted: ResolvedGrant, answers: list[object], *, assumed: bool
) -> tuple[str, ...]:
    """Return how the role was found.

    Args:
        entry: the model.
        actor: the caller.
        granted: what was found.
        answers: those of the project's resolver for this model, in order.
        assumed: whether the role was named instead of a user.
    """
    return tuple(_steps(entry, actor, granted, answers, assumed=assumed))


def _steps(
    entry: Entry, actor: Actor, granted: ResolvedGrant, answers: list[object], *, assumed: bool
) -> Iterator[str]:
    place = f"EXPOSE[{entry.name!r}]"
    if entry.closed:
        yield f"{place} has a mistake that manage.py check reports, so it is closed for every role"
        return
    if assumed:
        grant = granted.grant
        found = "nobody" if grant is None else f"{place}[{grant.role!r}]"
        yield f"the role is given; on this model it has {found}"
        return
    for answer in answers[:1]:
        yield f"ROLE_RESOLVER returned {answer!r}"
    if not answers or answers[0] is None:
        yield from (_text(step, place) for step in role_steps(entry.grants, actor))
    if granted.failed:
        yield "ROLE_RESOLVER failed, or returned no valid answer, which denies"
    elif granted.grant is None:
        yield f"no role of the caller is listed in {place}, so nothing is granted"
    elif granted.grant.empty:
        yield f"the grant {granted.grant.source} is empty, which denies"


def _text(step: RoleStep, place: str) -> str:
    listed = f"listed in {place}" if step.listed else f"not listed in {place}"
    held = "the caller has it" if step.held else "the caller does not have it"
    chosen = ": this is the role" if step.held and step.listed else ""
    return f"{step.role}: {held}, {listed}{chosen}"
