"""What a backend can do, and the refusal of what it cannot.

A plan is checked against the capabilities of its backend before anything is read, so that a backend
only gets plans that it can execute. Each refusal has a hint at what works instead.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, TypeAlias

from django_flex.exceptions import UnsupportedQueryError
from django_flex.exceptions.places import Part, worded
from django_flex.query.operators import OPERATORS, TRANSFORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from django_flex.exceptions.places import Place, Text
    from django_flex.schema.resources import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupKey:
    """A key that finds rows: all with one value of its first column, sorted by the second.

    Attributes:
        hash: the column that has to have a value.
        range: the column that sorts the rows of one value, ``None`` without one.
        index: the name of the index, ``None`` for the key of the rows themselves.
        columns: those that are read by it without reading the row, too; ``None`` for all.
    """

    hash: str
    range: str | None = None
    index: str | None = None
    columns: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a backend can do; by default everything.

    Attributes:
        resources: labels of the resources that related rows may be of, ``None`` for any. A backend
            leaves it out: those are the resources that it is registered for.
        apart: gives the capabilities for rows of another resource that are read by a statement of
            their own. A backend leaves it out, too.
        keys: what lists are read by, ``None`` for any condition. Only the checks of settings look at
            it; which key serves a query is decided query by query.
        metered_as: what the database calls the table of these rows where it tells what a request
            has cost (``metering``), ``None`` if it does not tell.
        joins: values of to-one related rows, in fields, filters and orders.
        lists: lists of related rows inside a row.
        related_filters: conditions on the rows of a to-many relation.
        related_aggregates: aggregates of the rows of a to-many relation, beside the row.
        computed: fields that are Django expressions.
        model_rules: rules that are ``Q`` objects or querysets.
        operators: names of the operators, ``transforms`` of the transforms of filters.
        fewer: kinds of values that have only some of these operators, each with its own.
        parts: parts of values, such as the year of a date, in fields and orders.
        json_keys: values inside a JSON column.
        containment: objects and lists that are looked for in JSON values (``contains``), and JSON
            values that are in others (``contained_by``).
        comparisons: one column compared with another (``$field``).
        search: words that are searched in several columns.
        orders: any order, not only by the key.
        random: rows in a random order.
        offsets: pages that skip rows.
        cursors: pages that start after a row.
        counts: the number of all rows beside a page.
        distinct: combinations of values, or the first row of each.
        aggregates: the operation ``aggregate``, and totals beside a list.
        groups: aggregates of groups of rows.
        streams: lists whose rows are sent as they are read.
        explain: what a read would do.
        writes: ``add``, ``edit`` and ``delete`` of a row.
        upserts: rows that are edited if they exist and added if not.
        updates: new values that depend on the stored ones (``$inc``, ``$append``, ``$remove``).
        writes_by_filter: rows that are edited or deleted by a condition.
        related_writes: writes of related rows and of many-to-many links beside a row.
        files: files that are sent for a column and stored by the write.
        transactions: several writes, all of which are rolled back if one of them fails.
        dry_runs: writes that are rolled back at the end.
        locks: rows that no other write changes while an action or a precondition uses them.
    """

    resources: Container[str] | None = None
    apart: Callable[[str], Capabilities] | None = None
    keys: tuple[LookupKey, ...] | None = None
    metered_as: str | None = None
    joins: bool = True
    lists: bool = True
    related_filters: bool = True
    related_aggregates: bool = True
    computed: bool = True
    model_rules: bool = True
    operators: frozenset[str] = frozenset(OPERATORS)
    transforms: frozenset[str] = frozenset(TRANSFORMS)
    fewer: tuple[tuple[str, frozenset[str]], ...] = ()
    parts: bool = True
    json_keys: bool = True
    containment: bool = True
    comparisons: bool = True
    search: bool = True
    orders: bool = True
    random: bool = True
    offsets: bool = True
    cursors: bool = True
    counts: bool = True
    distinct: bool = True
    aggregates: bool = True
    groups: bool = True
    streams: bool = True
    explain: bool = True
    writes: bool = True
    upserts: bool = True
    updates: bool = True
    writes_by_filter: bool = True
    related_writes: bool = True
    files: bool = True
    transactions: bool = True
    dry_runs: bool = True
    locks: bool = True

    def require(self, name: str, path: Place | None) -> None:
        """Refuse what needs a missing capability.

        Args:
            name: the name of the capability.
            path: where in the request it is needed.

        Raises:
            UnsupportedQueryError: it is missing; the hint says what works instead.
        """
        if not getattr(self, name):
            refusal = REFUSALS[name]
            raise UnsupportedQueryError(refusal.message, path=path, hint=refusal.hint(self))

    def read_apart(self, label: str) -> Capabilities:
        """Return what rows that are read by a statement of their own may need.

        Args:
            label: of the resource of the rows. They may be in another database of the same backend.
        """
        if self.apart is None or self.resources is None or label in self.resources:
            return self
        return self.apart(label)

    def require_resource(self, label: str, path: Place | None, hint: Text | None = None) -> None:
        """Refuse related rows that another backend stores.

        Args:
            label: of the resource of the rows.
            path: where in the request they are needed.
            hint: what works instead, where they are not read but written.

        Raises:
            UnsupportedQueryError: they are of a resource that is not among those of this backend.
        """
        if self.resources is not None and label not in self.resources:
            refusal = REFUSALS["resources"]
            raise UnsupportedQueryError(refusal.message, path=path, hint=hint or refusal.hint(self))

    def operators_for(self, kind: str) -> frozenset[str]:
        """Return the names of the operators that a kind of values has."""
        for one, some in self.fewer:
            if one == kind:
                return self.operators & some
        return self.operators

    def require_operator(self, name: str, kind: str, path: Place | None) -> None:
        """Refuse an operator that a kind of values does not have here.

        Raises:
            UnsupportedQueryError: it does not; the hint names those that it has.
        """
        self._require_word("operators", name, self.operators_for(kind), path)

    def require_transform(self, name: str, path: Place | None) -> None:
        """Refuse a transform that is not among those of a backend.

        Raises:
            UnsupportedQueryError: it is not; the hint names those that are.
        """
        self._require_word("transforms", name, self.transforms, path)

    def _require_word(
        self, name: str, word: str, words: frozenset[str], path: Place | None
    ) -> None:
        if word not in words:
            refusal = REFUSALS[name]
            hint = worded("one of {}", ", ".join(sorted(words))) if words else refusal.hint(self)
            message = worded("{}: '{}'", worded(refusal.message), word)
            raise UnsupportedQueryError(message, path=path, hint=hint)


#: What Django's ORM can do, on most of its databases.
ALL: Final = Capabilities()
#: Gives what plans of a resource may need.
CapabilitiesFor: TypeAlias = "Callable[[Resource], Capabilities]"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The message and hint if a capability is missing.

    ``better`` is the hint if the backend has the capability ``given``.
    """

    message: Text
    otherwise: Text
    given: str | None = None
    better: Text = ""

    def hint(self, can: Capabilities) -> Text:
        """Return what works instead on a backend with some capabilities."""
        return self.better if self.given and getattr(can, self.given) else self.otherwise


_ONE_BY_ONE = worded("send one write for each row")
REFUSALS: Mapping[str, Refusal] = {
    "resources": Refusal(
        "The related rows are stored in another database", "request them separately"
    ),
    "joins": Refusal(
        "This database cannot read values of related rows", "request the related row by its key"
    ),
    "lists": Refusal(
        "This database cannot read lists of related rows",
        "request the list of the related model",
    ),
    "related_filters": Refusal(
        "This database cannot filter by lists of related rows",
        "filter the list of the related model",
    ),
    "related_aggregates": Refusal(
        "This database cannot aggregate related rows",
        "request the related rows",
        given="aggregates",
        better="request an aggregate of the related model",
    ),
    "computed": Refusal(
        "This database does not support computed fields", "request columns of the model"
    ),
    "model_rules": Refusal(
        "This database cannot apply a rule of the model",
        "the rules of this model have to be conditions in the query language",
    ),
    "operators": Refusal("This database does not have the operator", "leave the filter out"),
    "transforms": Refusal("This database does not have the transform", "compare the value itself"),
    "parts": Refusal(
        "This database cannot read or sort by parts of values", "request the whole value"
    ),
    "json_keys": Refusal(
        "This database cannot read parts of a JSON value", "request the whole JSON value"
    ),
    "containment": Refusal(
        "This database cannot look for JSON values inside of others",
        "compare keys such as 'data.key' one by one, or use has_key",
    ),
    "comparisons": Refusal("This database cannot compare two columns", "compare with a constant"),
    "search": Refusal("This database does not support search", worded("use '{}'", Part.FILTERS)),
    "orders": Refusal(
        "This database can only sort by the key", worded("leave '{}' out", Part.ORDER_BY)
    ),
    "random": Refusal("This database has no random order", worded("leave '{}' out", Part.ORDER_BY)),
    "offsets": Refusal(
        "This database cannot skip rows",
        worded("leave '{}' out", Part.OFFSET),
        given="cursors",
        better=worded("page by '{}'", Part.CURSOR),
    ),
    "cursors": Refusal(
        "This database does not support cursors",
        worded("leave '{}' out", Part.CURSOR),
        given="offsets",
        better=worded("page by '{}'", Part.OFFSET),
    ),
    "counts": Refusal(
        "This database cannot count the rows of a list",
        worded("leave '{}' out", Part.COUNT),
        given="aggregates",
        better="request the aggregate 'count'",
    ),
    "distinct": Refusal(
        worded("This database does not support '{}'", Part.DISTINCT),
        worded("leave '{}' out", Part.DISTINCT),
    ),
    "aggregates": Refusal("This database cannot aggregate", "request the rows"),
    "groups": Refusal(
        "This database cannot group rows",
        worded("leave '{}' out, and filter for each group", Part.GROUP_BY),
    ),
    "streams": Refusal("This database cannot stream rows", "request pages of the list"),
    "explain": Refusal(
        "This database cannot explain a query", worded("leave '{}' out", Part.EXPLAIN)
    ),
    "writes": Refusal("This database is read-only", "use 'get' and 'list'"),
    "upserts": Refusal("This database does not support upserts", "use 'add' or 'edit'"),
    "updates": Refusal(
        "This database cannot change a value by what is stored", "read it, and send the new value"
    ),
    "writes_by_filter": Refusal(
        "This database cannot write by filter", "edit or delete rows by their keys"
    ),
    "related_writes": Refusal(
        "This database cannot write related rows together with a row", "write to the related model"
    ),
    "files": Refusal("This database cannot store files", "store the file first, and send its name"),
    "transactions": Refusal("This database can only write one row at a time", _ONE_BY_ONE),
    "dry_runs": Refusal(
        "This database cannot roll back a write", worded("leave '{}' out", Part.DRY_RUN)
    ),
    "locks": Refusal(
        "This database cannot lock a row", "send the write without a precondition or action"
    ),
}

if REFUSALS.keys() != {field.name for field in fields(Capabilities)} - {
    "apart",
    "fewer",
    "keys",
    "metered_as",
}:  # pragma: no cover
    raise TypeError("Each capability has one refusal")
