"""Grants that give more than they seem to: values by filters and orders, passwords, writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.analysis.writes.writable import may_write, writable_names
from django_flex.policy.guarding import HARMLESS, RIGHTS, words_of
from django_flex.policy.problems import Problem
from django_flex.query.operations import WRITE_OPERATIONS
from django_flex.schema.aggregates import resolve_measure
from django_flex.schema.paths import ResolvedPath, UnknownPathError, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.query.ast import Path
    from django_flex.review.reviewed import ReviewedGrant

#: Words of columns that only ever hold a password, which is written and never read.
PASSWORDS = frozenset({"password", "passwd", "pwd", "passphrase"})
#: Aggregates that reveal how many values there are, but not the values.
COUNTS = frozenset({"count", "count_distinct"})
#: Tables whose rows sign users in, with the columns of each that may be written without harm.
CREDENTIALS = {"flex_tokens.statictoken": frozenset({"name"}), "flex_tokens.login": frozenset()}


def review_generous(reviewed: ReviewedGrant, *, require_authentication: bool) -> Iterator[Problem]:
    """Yield warnings about a grant that reveals or allows more than it seems to."""
    yield from _oracles(reviewed)
    yield from _searched(reviewed)
    yield from _unlisted(reviewed)
    yield from _passwords(reviewed)
    yield from _files(reviewed)
    yield from _rights(reviewed)
    yield from _credentials(reviewed)
    if reviewed.grant.role == "anon" and not require_authentication:
        yield from _free_writes(reviewed)


def _oracles(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Values that may be compared, sorted by or aggregated can be found out."""
    grant = reviewed.grant
    filters = {*(p for p, _ in grant.filters.exact), *grant.filters.open_paths}
    for path in sorted(filters):
        if _hidden(path, reviewed):
            text = f"'{'.'.join(path)}' may be filtered but not read"
            hint = "add it to 'fields', or take it out of 'filters'"
            yield Problem("W001", text, reviewed.at("filters"), hint)
    for path in sorted({path for path, _ in grant.order_by.exact}):
        if _hidden(path, reviewed):
            text = f"'{'.'.join(path)}' may be sorted by but not read"
            hint = "add it to 'fields', or take it out of 'order_by'"
            yield Problem("W010", text, reviewed.at("order_by"), hint)
    if grant.min_group > 1:
        return  # aggregates of many rows are meant to be all that is seen of them
    summed = {p[:-1] for p in grant.aggregates.exact if p[-1] not in COUNTS}
    for path in sorted(summed | grant.aggregates.open_paths):
        if path and _hidden(path, reviewed):
            text = f"'{'.'.join(path)}' may be aggregated but not read"
            hint = "add it to 'fields', take it out of 'aggregates', or set 'min_group'"
            yield Problem("W010", text, reviewed.at("aggregates"), hint)


def _hidden(path: Path, reviewed: ReviewedGrant) -> bool:
    """Whether the role may not read a path, or the column that an aggregate is computed from."""
    resource = reviewed.entry.resource
    try:
        target: ResolvedPath | None = resolve(resource, path)
    except UnknownPathError:
        measure = resolve_measure(resource, path)
        target = measure.target if path[-1] not in COUNTS else None
    return target is not None and not reviewed.access.readable(target)


def _searched(reviewed: ReviewedGrant) -> Iterator[Problem]:
    for target in reviewed.grant.search:
        if not reviewed.access.readable(target):
            text = f"'{'.'.join(target.canonical)}' may be searched but not read"
            hint = "add it to 'fields', or take it out of 'search'"
            yield Problem("W008", text, reviewed.at("search"), hint)


def _unlisted(reviewed: ReviewedGrant) -> Iterator[Problem]:
    if not reviewed.grant.fields.everything:
        return
    relations = reviewed.entry.resource.relations.values()
    to_one = [r for r in relations if r.cardinality == "one" and not r.same_row]
    unlisted = [r for r in to_one if r.label not in reviewed.policy.entries]
    reached = [r for r in unlisted if any(reviewed.access.readable_attributes((r,)))]
    missing = sorted({r.target.label for r in reached})
    if missing:
        text = f"'*' reaches models without an entry: {', '.join(missing)}"
        hint = "give them entries, or name the fields"
        yield Problem("W002", text, reviewed.at("fields"), hint)


def _passwords(reviewed: ReviewedGrant) -> Iterator[Problem]:
    for path in sorted(reviewed.grant.fields.exact):
        target = resolve(reviewed.entry.resource, path, file_parts=True)
        words = words_of(target.attribute.name)
        if not PASSWORDS.isdisjoint(words) and target.attribute.kind not in HARMLESS:
            never = target.attribute.hashed
            text = f"'{'.'.join(path)}' {'is never shown' if never else 'may be read'}"
            hint = "to allow setting it, list it under 'write_fields', 'add' or 'edit'"
            yield Problem("W011", text, reviewed.at("fields"), hint)


def _credentials(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """A role that may write rows that sign users in can be another user, or stay when it is revoked."""
    grant, label = reviewed.grant, reviewed.entry.resource.label
    if grant.role == "superuser" or label not in CREDENTIALS:
        return
    for operation in ("add", "edit"):
        writing = grant.writing.get(operation)
        if writing is None or operation not in grant.operations:
            continue
        names = writable_names(reviewed.access.under(writing.grant), operation)
        telling = sorted(set(names) - CREDENTIALS[label])
        if telling:
            text = f"With '{operation}' the role may decide who a token is for, and until when: "
            hint = "make and revoke tokens with django_flex.tokens.static and logins"
            yield Problem("W031", text + ", ".join(telling), grant.source, hint)


def _rights(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """A role that may write permission fields of users, or groups, can grant itself permissions."""
    grant, entry, guard = reviewed.grant, reviewed.entry, reviewed.policy.guard
    gives = guard.gives_rights(entry.resource)
    if grant.role == "superuser" or not (gives or guard.has_users(entry.resource)):
        return
    for operation in ("add", "edit"):
        writing = grant.writing.get(operation)
        if writing is None or operation not in grant.operations:
            continue
        names = writable_names(reviewed.access.under(writing.grant), operation)
        rights = [name for name in names if gives or name in RIGHTS]
        if rights:
            text = f"With '{operation}' the role may grant permissions: {', '.join(sorted(rights))}"
            yield Problem("W025", text, grant.source, "reserve them for superusers")


def _files(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Files that anyone may store are served under the project's name."""
    grant = reviewed.grant
    for operation in ("add", "edit"):
        writing = grant.writing.get(operation)
        if writing is None or operation not in grant.operations:
            continue
        access = reviewed.access.under(writing.grant)
        attributes = reviewed.entry.resource.attributes.values()
        files = [a for a in attributes if a.kind == "file"]
        names = [a.name for a in files if may_write(ResolvedPath((), a), access, operation)]
        if names:
            text = f"With '{operation}' clients may store files: {', '.join(sorted(names))}"
            hint = "limit 'max_bytes' and 'types' in 'files', and serve them as downloads"
            identifier = "W012" if grant.role == "anon" else "I002"
            yield Problem(identifier, text, grant.source, hint)


def _free_writes(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Writes that are only granted by a wildcard, to anonymous callers."""
    ops = reviewed.grant.written.get("ops", ())
    wild = "*" in (ops.split(",") if isinstance(ops, str) else ops)
    writes = sorted(reviewed.grant.operations & WRITE_OPERATIONS)
    if wild and writes:
        text = f"'*' lets anonymous callers {', '.join(writes)}"
        hint = "name the operations, such as 'ops': ['get', 'list']"
        yield Problem("W013", text, reviewed.grant.source, hint)
