"""The module with what the views allow, as grants, and with what was not carried over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django_flex.contrib.rest_importing.endpoints import find_endpoints
from django_flex.contrib.rest_importing.grants import entry_of
from django_flex.contrib.rest_importing.offers import labels, offers_of
from django_flex.contrib.rest_importing.openings import openings
from django_flex.scaffold.gaps import one_line
from django_flex.scaffold.models import entry_keys, url_names
from django_flex.scaffold.source import INDENT, comment, literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_flex.contrib.rest_importing.grants import Entry
    from django_flex.contrib.rest_importing.offers import Offers
    from django_flex.scaffold.gaps import Gap
    from django_flex.scaffold.suggestions import Surroundings
    from django_flex.schema.resources import Resource

_HEADER = '''"""Who may see and do what: what the views of REST framework allow, as grants of django_flex.

Written by ``manage.py flex_init --from-drf``, to be reviewed. No role may do more than by the views
that are named above its grant; what is "not carried over" is not granted.
"""
'''
_DEEPEST = 6


@dataclass(slots=True)
class Imported:
    """The text of the module, the further settings that it needs, and what is not carried over."""

    text: str
    settings: dict[str, Any] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    views: int = 0


def import_views(around: Surroundings, apps: Sequence[str], max_limit: int) -> Imported:
    """Return grants that allow what the views in the URLs of the project do.

    Args:
        around: the schema, what is guarded, and the entries that there are, which are left alone.
        apps: labels of apps whose models are wanted; empty for all.
        max_limit: how many rows a page has at most, whatever is granted.
    """
    endpoints = find_endpoints()
    found = offers_of(endpoints, around.schema, around.guard)
    known = {entry.resource.label for entry in around.entries}
    wanted = [
        one for one in labels(found) if one not in known and (not apps or one.split(".")[0] in apps)
    ]
    entries = [entry_of(around.schema.find(label), found, max_limit) for label in wanted]
    _leave_out_lists(entries, around, found)
    _report_hidden_rows(entries, around, found)
    keys = entry_keys(wanted)
    named = url_names(keys, around.schema, around.entries)
    lines = [_HEADER, *_unplaced(found.gaps("")), "EXPOSE = {"]
    for entry in entries:
        if entry.label in named:
            entry.keys = {"url_name": named[entry.label], **entry.keys}
        lines += _entry(keys[entry.label], entry, found.gaps(entry.label))
    text = "\n".join([*lines, "}", ""]) if entries else "\n".join([*lines[:-1], "EXPOSE = {}", ""])
    gaps = [*found.gaps(""), *(g for one in wanted for g in found.gaps(one))]
    return Imported(text, _settings(entries, around), gaps, len({one.view for one in endpoints}))


def _leave_out_lists(entries: Sequence[Entry], around: Surroundings, found: Offers) -> None:
    """Leave out, and report, the lists that the entries of two models would open together."""
    all_entries: dict[str, Entry | None] = {
        entry.resource.label: None
        for entry in around.entries
        if any("list" in grant.operations for grant in entry.grants.values())
    }
    all_entries |= {entry.label: entry for entry in entries}
    for entry in entries:
        paths = openings(entry, around.schema.find(entry.label), all_entries)
        if paths:
            entry.keys["exclude"] = paths
            text = f"no view shows which rows of {', '.join(paths)} belong to a row"
            found.lose(entry.label, entry.views[0], text)


def _report_hidden_rows(entries: Sequence[Entry], around: Surroundings, found: Offers) -> None:
    """Report where a row rule of one entry hides rows that the views of another one show."""
    by_label = {entry.label: entry for entry in entries}
    for entry in entries:
        resource = around.schema.find(entry.label)
        for role, grant in entry.roles.items():
            for path in grant.get("fields", ()):
                for target in _targets(path.split("."), resource):
                    there = by_label.get(target)
                    if there and _hides(there, role):
                        text = (
                            f"rows of {target} that the role does not see are not shown with these"
                        )
                        found.lose(entry.label, entry.views[0], text, role)


def _hides(entry: Entry, role: str) -> bool:
    """Whether a role sees only some rows of an entry, or none; ``anon`` stands for who has no role."""
    names = [role, *(one for one in ("authenticated", "anon") if role != "anon")]
    named = next((entry.roles[one] for one in names if one in entry.roles), None)
    return named is not None and (not named or "rows" in named)


def _targets(parts: Sequence[str], resource: Resource) -> Iterator[str]:
    """Yield the labels of the rows that a path shows on its way."""
    here = resource
    for position, part in enumerate(parts):
        relation = here.relation(part)
        if relation is None or (relation.column and position == len(parts) - 1):
            return
        here = relation.target
        yield here.label


def _unplaced(gaps: Sequence[Gap]) -> Iterator[str]:
    if gaps:
        yield "# Views that are not carried over:"
        for gap in gaps:
            yield from comment(one_line(f"- {gap.place}: {gap.text}"))


def _entry(key: str, entry: Entry, gaps: Sequence[Gap]) -> Iterator[str]:
    yield f"{INDENT}{quoted(key)}: {{"
    for view in entry.views:
        yield from comment(one_line(f"As by {view}"), depth=2)
    if gaps:
        yield from comment("Not carried over:", depth=2)
        for gap in gaps:
            yield from comment(one_line(f"- {gap.place.rpartition('.')[2]}, {gap.text}"), depth=2)
    for name, value in {**entry.keys, **entry.roles}.items():
        before = f"{INDENT * 2}{quoted(name)}: "
        yield f"{before}{literal(value, depth=2, before=len(before))},"
    yield f"{INDENT}}},"


def _settings(entries: Sequence[Entry], around: Surroundings) -> dict[str, Any]:
    """Return the settings that the grants need besides ``EXPOSE``."""
    found: dict[str, Any] = {}
    if any(entry.roles.get("anon") for entry in entries):
        found["REQUIRE_AUTHENTICATION"] = False
    depth = max((_depth(entry, around.schema.find(entry.label)) for entry in entries), default=0)
    if depth > around.depth:
        found["MAX_RELATION_DEPTH"] = min(depth, _DEEPEST)
    return found


def _depth(entry: Entry, resource: Resource) -> int:
    """Return over how many relations the paths of an entry lead at most."""
    paths = (
        path
        for grant in entry.roles.values()
        for key in ("fields", "filters", "search", "order_by")
        for path in grant.get(key, ())
    )
    return max((_hops(path.removeprefix("-").split("."), resource) for path in paths), default=0)


def _hops(parts: Sequence[str], resource: Resource) -> int:
    """Return how many relations a path leads over; a foreign key at its end is a column."""
    hops, here = 0, resource
    for position, part in enumerate(parts):
        relation = here.relation(part)
        if relation is None or (relation.column and position == len(parts) - 1):
            break
        hops, here = hops + 1, relation.target
    return hops
