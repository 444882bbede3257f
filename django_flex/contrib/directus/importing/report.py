"""The report: what was written, and what could not be carried over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.scaffold.gaps import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.contrib.directus.importing.snapshot import Snapshot
    from django_flex.scaffold.gaps import Gap

_ALWAYS = (
    "Users, and which groups they are in: create groups with the names of the roles, in lower case.",
    "Files: see 'Files' in the reference of the Directus dialect.",
    "Flows, dashboards, translations, versions, webhooks and the app of Directus have no counterpart.",
    "Rules on updates hold before and after the change, and never reach beyond what may be read.",
)


def write_report(snapshot: Snapshot, roles: Sequence[str], gaps: Sequence[Gap]) -> str:
    """Return the report as Markdown."""
    names = ", ".join(f"`{one.name}`" for one in snapshot.collections)
    lines = [
        "# Import from Directus",
        "",
        f"Collections ({len(snapshot.collections)}): {names or 'none'}.",
        f"Roles ({len(roles)}): {', '.join(f'`{one}`' for one in roles) or 'none'}.",
        "",
        "## Not carried over",
        "",
        *(f"- `{gap.place}`: {gap.text}" for gap in gaps),
        *([] if gaps else ["Nothing was left out."]),
        "",
        "## Left to you",
        "",
        *(f"- {one}" for one in _ALWAYS),
        "",
    ]
    return "\n".join(map(one_line, lines))
