"""Add, edit and delete rows of one model, with their links and the rows inside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from django_flex.backends.orm import hooks, persistence
from django_flex.backends.orm.forms import save_through
from django_flex.backends.orm.links import write_links
from django_flex.backends.orm.references import check_references
from django_flex.backends.orm.rows import check_after, locked_rows
from django_flex.backends.orm.validation import taken_values, validate
from django_flex.backends.orm.work import KeyPathError, Work, changed_work, new_work
from django_flex.exceptions import ObjectNotFoundError, ValidationFailedError
from django_flex.permissions.authorized_writes import RowWrite

if TYPE_CHECKING:
    from django_flex.permissions.authorized_writes import Children, Rules

#: What becomes of a row, and the row: ``None`` if there is none yet.
Found = tuple[RowWrite, Any]


def add(
    rows: Sequence[RowWrite], rules: Rules, using: str, parents: Sequence[tuple[str, Any]] = ()
) -> list[Work]:
    """Add rows.

    Args:
        rows: what they are to hold.
        rules: those of adding.
        using: the database.
        parents: of rows inside others, for each row the column that points to the other and its
            value.
    """
    works = [_drafted(row, None, rules) for row in rows]
    for work, (column, value) in zip(works, parents, strict=False):
        setattr(work.instance, column, value)
    _write(works, rules, using)
    return works


def edit(found: Sequence[Found], rules: Rules, using: str) -> list[Work]:
    """Change rows that were found and locked."""
    works = [_drafted(row, instance, rules) for row, instance in found]
    _write(works, rules, using)
    return works


def delete(found: Sequence[Found], rules: Rules, using: str) -> list[Work]:
    """Delete rows that were found and locked."""
    works = [Work(row, instance, "delete") for row, instance in found]
    keys = [work.pk for work in works]
    for work in works:
        hooks.call("before", work, rules)
    persistence.delete(works, rules, using)
    for work, key in zip(works, keys, strict=True):
        work.instance.pk = key  # Django takes it away; who hears of the row still wants it
        hooks.call("after", work, rules)
        hooks.call_after_commit(work, rules, using)
    return works


def _drafted(row: RowWrite, instance: Any, rules: Rules) -> Work:
    try:
        if instance is None:
            return new_work(row, rules.entry.resource.model)
        return changed_work(row, instance)
    except KeyPathError as error:
        message = "The stored value has nothing at this path that could hold a key."
        fields, codes = {error.name: [message]}, {error.name: ["invalid"]}
        raise ValidationFailedError(fields, codes, path=row.place or None) from error


def _write(works: list[Work], rules: Rules, using: str) -> None:
    """Validate, save, link and nest rows of one operation on one model; then check them."""
    check_references(works, using)
    if rules.entry.form_class or rules.entry.serializer_class:
        for work in works:
            save_through(work, rules, using)
    else:
        _save(works, rules, using)
    for work in works:
        write_links(work, using)
    _write_children(works, using)
    check_after(works, rules, using)
    for work in works:
        hooks.call("after", work, rules)
        hooks.call_after_commit(work, rules, using)


def _save(works: list[Work], rules: Rules, using: str) -> None:
    many = len(works) > 1
    for work in works:
        validate(work, rules, unique=not many)
    if many:
        taken_values(works, rules, using)
    for work in works:
        hooks.call("before", work, rules)
    if rules.operation == "add":
        persistence.insert(works, rules, using)
    else:
        persistence.update(works, rules, using)


def _write_children(works: Sequence[Work], using: str) -> None:
    """Write the rows inside written rows; what is added goes together for all of them."""
    added: dict[str, list[tuple[Work, Children]]] = {}
    for work in works:
        for children in work.row.children:
            _remove_children(work, children, using)
            _edit_children(work, children, using)
            if children.add:
                added.setdefault(children.relation.name, []).append((work, children))
    for uses in added.values():
        rows = [row for _, children in uses for row in children.add]
        parents = [_pointer(work, children) for work, children in uses for _ in children.add]
        # One caller has one set of rules on one model, whichever row they were bound for.
        add(rows, uses[0][1].rules["add"], using, parents)


def _edit_children(work: Work, children: Children, using: str) -> None:
    if children.edit:
        rules = children.rules["edit"]
        mine = Q(_pointer(work, children), pk__in=[row.pk for row in children.edit])
        edit(named_rows(children.edit, locked_rows(rules, mine, using)), rules, using)


def _remove_children(work: Work, children: Children, using: str) -> None:
    if not (children.remove or children.replace):
        return
    rules = children.rules["delete"]
    kept = Q(pk__in=[row.pk for row in children.edit])
    which = ~kept if children.replace else Q(pk__in=children.remove)
    found = list(locked_rows(rules, Q(_pointer(work, children)) & which, using))
    if len(found) < len(children.remove):
        raise ObjectNotFoundError(path=f"{children.place}.$remove")
    gone = [(RowWrite(instance.pk, children.place), instance) for instance in found]
    delete(gone, rules, using)


def _pointer(work: Work, children: Children) -> tuple[str, Any]:
    """Return the column of the rows inside that points here, and its value."""
    return children.relation.far, getattr(work.instance, children.relation.near)


def named_rows(rows: Sequence[RowWrite], instances: Any) -> list[Found]:
    """Pair rows that are named by their keys with what was found.

    Raises:
        ObjectNotFoundError: one is not there, or the caller may not see it.
    """
    by_key = {instance.pk: instance for instance in instances}
    for row in rows:
        if row.pk not in by_key:
            raise ObjectNotFoundError(path=f"{row.place}.id" if row.place else None)
    return [(row, by_key[row.pk]) for row in rows]
