"""What can be wrong with a query object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.exceptions.base import FlexError
from django_flex.exceptions.places import Part, worded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django_flex.exceptions.places import Place, Text


class QueryError(FlexError):
    """The query is malformed: a wrong type or an impossible combination."""

    code = "query.invalid"


class UnknownKeyError(QueryError):
    """The query has a key that does not exist."""

    code = "query.unknown_key"


class InvalidValueError(QueryError):
    """A value does not fit the field or key that it was sent for."""

    code = "query.value"


class LimitExceededError(QueryError):
    """The query is larger than a cap in the settings allows."""

    code = "query.limit"


class CostExceededError(LimitExceededError):
    """The query would cost more than the caller may spend: ``cost`` exceeds ``max_cost``."""

    code = "query.cost"

    def __init__(self, *, cost: int, max_cost: int) -> None:
        super().__init__(
            "The query costs too much",
            hint=worded("at most {}; ask for fewer rows, fields or lists", max_cost),
        )
        self.cost = cost
        self.max_cost = max_cost

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of the reply, with the estimate and its maximum."""
        return {**super().to_dict(), "cost": self.cost, "max_cost": self.max_cost}


class ReplyTooLargeError(LimitExceededError):
    """The reply would be larger than ``MAX_REPLY_BYTES``; ``max_bytes`` has the maximum."""

    code = "query.reply_size"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(
            "The reply would be too large",
            path=Part.FIELDS,
            hint="ask for fewer or smaller fields, for fewer rows, or for a stream",
        )
        self.max_bytes = max_bytes

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of the reply, with the maximum size."""
        return {**super().to_dict(), "max_bytes": self.max_bytes}


class CursorError(QueryError):
    """The cursor is invalid, belongs to another query or caller, or its row is gone."""

    code = "query.cursor"

    def __init__(self, path: Place = Part.CURSOR) -> None:
        super().__init__(
            "The cursor does not belong to this query",
            path=path,
            hint=worded('start again with "{}": true', Part.CURSOR),
        )


class UnsupportedQueryError(QueryError):
    """The query asks for something that this server or its database cannot do."""

    code = "query.unsupported"


class NeedsKeyError(UnsupportedQueryError):
    """A database that finds rows by keys has none for a query; the hint says which would do."""

    def __init__(
        self, message: Text, *, path: Place, hint: Text, names: Sequence[str] = ()
    ) -> None:
        super().__init__(message, path=path, hint=hint)
        #: Attributes of the model that would make it possible, also those that a caller may not use.
        self.names = tuple(names)

    def told(self, known: Callable[[str], bool]) -> UnsupportedQueryError:
        """Return the error of the reply, whose hint has only names that its caller may use.

        Args:
            known: whether the caller may use an attribute in this way.
        """
        names = ", ".join(f"'{name}'" for name in self.names if known(name))
        if not names:
            return self
        said = self.said
        return UnsupportedQueryError(said.message, path=said.path, hint=self.advice(names))

    def advice(self, names: str) -> Text:
        """Return the hint that names attributes."""
        raise NotImplementedError


class KeyNeededError(NeedsKeyError):
    """No key of a table, and of its indexes, finds the rows of a query."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            "This database finds rows by keys, and the filters name none",
            path=Part.FILTERS,
            hint="filter for an exact value of a key",
            names=names,
        )

    def advice(self, names: str) -> Text:
        """Return the hint that names keys."""
        return worded("filter for an exact value of one of: {}", names)


class TooManyValuesError(NeedsKeyError):
    """A query names more values of a key than a database looks up for one list."""

    def __init__(self, name: str, most: int, given: int) -> None:
        super().__init__(
            worded("This database looks up at most {} values of this key for a list", most),
            path=Part.FILTERS,
            hint=worded("{} values are named: send several requests", given),
            names=[name],
        )
        self.most = most
        self.given = given

    def advice(self, names: str) -> Text:
        """Return the hint that names the key, how many values it may have, and how many it has."""
        return worded(
            "name at most {} values of {}, not {}, or send several requests",
            self.most,
            names,
            self.given,
        )


class RangeNeededError(NeedsKeyError):
    """The only index that finds the rows of a query lacks those without its range key."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            "The index that finds such rows does not have all of them",
            path=Part.FILTERS,
            hint="filter for an exact value of another key",
            names=names,
        )

    def advice(self, names: str) -> Text:
        """Return the hint that names range keys."""
        return worded("filter by one of these, too, such as 'isnull': false: {}", names)


class OrderNeedsKeyError(NeedsKeyError):
    """No key that finds the rows of a query sorts them as it wants."""

    def __init__(
        self, names: Sequence[str], message: Text = "This database sorts rows by keys only"
    ) -> None:
        super().__init__(
            message,
            path=Part.ORDER_BY,
            hint=worded("leave '{}' out", Part.ORDER_BY),
            names=names,
        )

    def advice(self, names: str) -> Text:
        """Return the hint that names what can be sorted by."""
        return worded("sort by one of: {}", names)
