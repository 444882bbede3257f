"""Links to rows that are called by another column than their key, as the tags of django-taggit are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings  # noqa: TID251 - one of django-taggit, as that reads it
from django.core.exceptions import ValidationError
from django.db.models import Q

from django_flex.backends.orm.expressions.conditions import visible_rows
from django_flex.backends.orm.schema import field_of, model_of
from django_flex.backends.orm.writing import hooks
from django_flex.backends.orm.writing.references import missing_fault, visible_keys
from django_flex.exceptions import ValidationFailedError
from django_flex.resolved import Fault

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from django_flex.backends.orm.prepared.statement_cache import Database
    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import LinkChanges, NewRow, RowWrite, WriteRules
    from django_flex.schema.resources import Relation

#: Adds rows under rules, as ``operations.add`` does.
Add = Callable[["Sequence[RowWrite]", "WriteRules", "Database"], "list[PendingRow]"]
Uses = list[tuple["PendingRow", "LinkChanges"]]


def find_named(
    pending_rows: Sequence[PendingRow], rules: WriteRules, database: Database, add: Add
) -> None:
    """Put keys in the place of the names by which rows are to be linked.

    A name without a visible row is that of a new row, if the caller may add it, else it is noted as
    missing, and if it is to be removed nothing happens.
    """
    uses: dict[Relation, Uses] = {}
    for pending in pending_rows:
        for links in pending.row.links:
            if links.relation.called is not None:
                uses.setdefault(links.relation, []).append((pending, links))
    for some in uses.values():
        # One caller has one set of rules on one model, whichever row they were bound for.
        names = (name for _, links in some for name in (*_wanted(links), *links.remove))
        named = NamedRows(some[0][1], names, database.using)
        for pending, links in some:
            with hooks.vetoes(pending, rules):  # of the model's own code
                _add_missing(pending, links, named, database, add)
            found = _with_keys(links, named.keys)
            every = (found if one is links else one for one in pending.row.links)
            pending.rewrite(replace(pending.row, links=tuple(every)))


class NamedRows:
    """The visible rows that names stand for, while some are added."""

    __slots__ = ("adds", "column", "first", "key", "keys", "using")

    def __init__(self, first: LinkChanges, names: Iterable[object], using: str) -> None:
        self.first = first
        self.using = using
        self.column = first.relation.item.lookup
        self.key = first.relation.target.pk.lookup
        self.adds = False
        self.keys = self._find(dict.fromkeys(names))

    def _rows(self) -> QuerySet[Any]:
        return visible_rows(self.first.rows, self.using).using(self.using).order_by(self.key)

    def _find(self, names: Iterable[object]) -> dict[object, object]:
        """Return the key of the first row of each name, as the database and the project compare them."""
        if _ignores_case():
            return self._find_each(f"{self.column}__iexact", names)
        found: dict[object, object] = {}
        wanted = Q((f"{self.column}__in", list(names)))
        for name, key in self._rows().filter(wanted).values_list(self.column, self.key):
            found.setdefault(name, key)
        if found.keys() <= set(names):
            return found
        # It has compared them without case, accents or spaces at the end.
        return found | self._find_each(self.column, [one for one in names if one not in found])

    def _find_each(self, lookup: str, names: Iterable[object]) -> dict[object, object]:
        found = {}
        for name in names:
            row = self._rows().filter(Q((lookup, name))).values_list(self.key, flat=True).first()
            if row is not None:
                found[name] = row
        return found

    def finds(self, name: object) -> bool:
        """Whether there is a row with a name, which may have been added under another spelling."""
        if name not in self.keys and self.adds:
            self.keys |= self._find([name])
        return name in self.keys

    def is_taken(self, name: object) -> bool:
        """Whether a row that is not visible has a name which only one row can have."""
        field = field_of(self.first.relation.item)
        model = model_of(self.first.relation.target)
        lookup = f"{self.column}__iexact" if _ignores_case() else self.column
        rows = model._base_manager.using(self.using).filter(Q((lookup, name)))
        return field.unique and rows.exists()

    def put(self, name: object, key: object) -> None:
        """Take the key of a row that was added."""
        self.keys[name] = key
        self.adds = True


def _ignores_case() -> bool:
    """Whether the project lets django-taggit find tags in whichever case they are stored."""
    return bool(getattr(settings, "TAGGIT_CASE_INSENSITIVE", False))


def _wanted(links: LinkChanges) -> tuple[object, ...]:
    return (*links.add, *(links.replace or ()))


def _add_missing(
    pending: PendingRow,
    links: LinkChanges,
    named: NamedRows,
    database: Database,
    add: Add,
) -> None:
    """Add the rows that do not exist and may be added, and note the other names as missing."""
    for name in _wanted(links):
        if named.finds(name):
            continue
        if not links.adds or named.is_taken(name):
            pending.missing.append(missing_fault(links.name, links.name, name))
        elif links.new is None:
            _add_freely(pending, links, named, name)
        else:
            named.put(name, _added(links.new[name], pending, links, database, add))


def _added(
    new: NewRow, pending: PendingRow, links: LinkChanges, database: Database, add: Add
) -> object:
    """Add a row under the rules of its model; what they refuse is the name that was sent."""
    try:
        (added,) = add([new.row], new.rules, database)
    except ValidationFailedError as error:
        messages = [text for texts in error.fields.values() for text in texts]
        codes = [code for some in error.codes.values() for code in some]
        raise ValidationFailedError(
            {links.name: messages}, {links.name: codes}, path=pending.place
        ) from error
    return added.pk


def _add_freely(pending: PendingRow, links: LinkChanges, named: NamedRows, name: object) -> None:
    """Add a row of a model that has no entry, as django-taggit does."""
    field, model = field_of(links.relation.item), model_of(links.relation.target)
    try:
        field.clean(name, None)
    except ValidationError as error:
        code = getattr(error.error_list[0], "code", None) or "invalid"
        pending.missing.append(Fault(links.name, links.name, " ".join(error.messages), code))
        return
    values: dict[str, Any] = {field.name: name}
    row, _ = model._default_manager.using(named.using).get_or_create(**values)
    named.put(name, row.pk)


def _with_keys(links: LinkChanges, keys: dict[object, object]) -> LinkChanges:
    def found(names: Iterable[object]) -> tuple[object, ...]:
        return tuple(dict.fromkeys(keys[name] for name in names if name in keys))

    replacing = None if links.replace is None else found(links.replace)
    return replace(
        links,
        add=found(links.add),
        remove=found(links.remove),
        replace=replacing,
        names=_wanted(links),
    )


def write_named(manager: Any, links: LinkChanges, using: str) -> None:
    """Add and remove links by the project's own manager, which calls rows by their names.

    Links to rows that the caller may not see stay, also where such a row has the name of another.
    """
    column, rows = links.relation.item.lookup, model_of(links.relation.target)._base_manager
    linked = {row.pk: row for row in manager.using(using).order_by()}
    wanted = [pk for pk in _wanted(links) if pk not in linked]
    unwanted = {*links.remove} & linked.keys()
    if links.replace is not None:
        unwanted = linked.keys() - {*links.replace}
    gone = set(visible_keys(links.rows, unwanted, using)) if unwanted else set()
    if gone:
        manager.remove(*(getattr(linked[pk], column) for pk in gone))
        left = {row.pk for row in manager.using(using).order_by()}
        manager.add(*(row for pk, row in linked.items() if pk not in left and pk not in gone))
    found = rows.using(using).in_bulk(wanted) if wanted else {}
    if found:
        manager.add(*(found[pk] for pk in wanted))
