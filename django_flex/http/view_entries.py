"""The views of a project that have grants of their own, for what shows all grants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from django_flex.conf import has_urls
from django_flex.http.mounts import mounts
from django_flex.http.view_checks import declared_grants
from django_flex.http.view_policy import compile_view, place_of
from django_flex.query.operations import OPERATIONS

if TYPE_CHECKING:
    from django_flex.conf import Settings
    from django_flex.http.view_policy import ViewGrants
    from django_flex.policy.model import Entry, Policy


def views_with_grants(settings: Settings) -> tuple[dict[str, tuple[Policy, Entry]], list[str]]:
    """Return the views in the URLs of the project that have grants of their own.

    Args:
        settings: of the API version that they belong to.

    Returns:
        By the name of each view the policy with its entry, and that entry, of the operations that
        the view serves; and the names of the views whose code decides what they grant.
    """
    found: dict[str, tuple[Policy, Entry]] = {}
    seen: list[ViewGrants] = []
    by_code: list[str] = []
    for mount in mounts() if has_urls() else ():
        if mount.whole:
            continue
        try:
            grants = declared_grants(mount.view)
        except ImproperlyConfigured:  # a check says so
            continue
        made_of = getattr(mount.view, "view_class", None)
        if grants is None and hasattr(made_of, "declared_grants"):
            by_code.append(place_of(made_of))
        if grants is None or grants.version != settings.version or _is_known(grants, seen):
            continue
        seen.append(grants)
        number = sum(one.place == grants.place for one in seen)
        name = grants.place if number == 1 else f"{grants.place} ({number})"
        found[name] = _served(settings, grants)
    return dict(sorted(found.items())), sorted(set(by_code))


def _is_known(grants: ViewGrants, seen: list[ViewGrants]) -> bool:
    """Whether a view is at two URLs."""
    return any(
        one.place == grants.place
        and one.permissions == grants.permissions
        and one.actions == grants.actions
        for one in seen
    )


def _served(settings: Settings, grants: ViewGrants) -> tuple[Policy, Entry]:
    """Return the entry of a view without the operations that are granted and not served."""
    policy, entry, _ = compile_view(settings, grants)
    if grants.actions is None:
        return policy, entry
    served = frozenset(OPERATIONS.get(one, one) for one in grants.actions)
    kept = {
        role: replace(
            grant,
            operations=grant.operations & served,
            actions={name: one for name, one in grant.actions.items() if name in served},
        )
        for role, grant in entry.grants.items()
    }
    entry = replace(entry, grants=kept)
    return replace(policy, entries={**policy.entries, entry.resource.label: entry}), entry
