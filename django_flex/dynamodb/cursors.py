"""Cursors: positions in a query that only this server can read or make."""

from __future__ import annotations

import base64
import binascii
import time
from hashlib import sha256
from typing import Any

import msgspec

from django_flex.dynamodb.configuration import configuration
from django_flex.dynamodb.core import values
from django_flex.dynamodb.core.planner import Plan
from django_flex.dynamodb.core.schema import Item, TableSchema
from django_flex.dynamodb.exceptions import InvalidCursorError
from django_flex.sealing import BrokenSealError, seal, unseal


def encode_cursor(schema: TableSchema, plan: Plan, position: Item) -> str:
    """Return a cursor for a position in a query: encrypted, and of no use in another query."""
    keys = {name: _to_json(value) for name, value in position.items()}
    content = [int(time.time()), keys]
    return seal(msgspec.json.encode(content, order="sorted"), _context(schema, plan))


def decode_cursor(schema: TableSchema, plan: Plan, cursor: str) -> Item:
    """Return the position of a cursor.

    Raises:
        InvalidCursorError: it was changed, has expired, or belongs to another query.
    """
    try:
        made, keys = msgspec.json.decode(unseal(cursor, _context(schema, plan)))
    except (BrokenSealError, msgspec.DecodeError, ValueError):
        raise InvalidCursorError("the cursor is not valid for this query") from None
    oldest = configuration().cursor_max_age
    if oldest is not None and time.time() - made > oldest:
        raise InvalidCursorError("the cursor has expired")
    return {name: _from_json(value) for name, value in keys.items()}


def _context(schema: TableSchema, plan: Plan) -> bytes:
    """Return what a cursor is bound to: the table, the index and the conditions, not the fields."""
    index = plan.index.name if plan.index is not None else ""
    bound = (schema.name, plan.kind, index, plan.key, plan.filter, plan.post, plan.forward)
    return sha256(repr(bound).encode()).digest()


def _to_json(value: Any) -> Any:
    [(kind, content)] = value.items()
    return [kind, base64.b64encode(content).decode() if kind == "B" else content]


def _from_json(pair: Any) -> Any:
    kind, content = pair
    try:
        return values.check({kind: base64.b64decode(content) if kind == "B" else content})
    except (binascii.Error, values.BadValueError):
        raise InvalidCursorError("the cursor is not valid for this query") from None
