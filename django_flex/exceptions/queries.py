"""What can be wrong with a query object."""

from __future__ import annotations

from typing import Any

from django_flex.exceptions.general import FlexError


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
            hint=f"at most {max_cost}; ask for fewer rows, fields or lists",
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
            path="fields",
            hint="ask for fewer or smaller fields, for fewer rows, or for a stream",
        )
        self.max_bytes = max_bytes

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of the reply, with the maximum size."""
        return {**super().to_dict(), "max_bytes": self.max_bytes}


class CursorError(QueryError):
    """The cursor is invalid, belongs to another query or caller, or its row is gone."""

    code = "query.cursor"

    def __init__(self) -> None:
        super().__init__(
            "The cursor does not belong to this query",
            path="cursor",
            hint='start again with "cursor": true',
        )


class UnsupportedQueryError(QueryError):
    """The query asks for something that this server or its database cannot do."""

    code = "query.unsupported"
