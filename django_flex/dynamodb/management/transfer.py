"""All items of a table as lines of JSON, and back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from django.apps import apps

from django_flex.dynamodb.core.encoding import item_of, line_of
from django_flex.dynamodb.core.requests import key_of
from django_flex.dynamodb.core.schema import Item, TableSchema
from django_flex.dynamodb.core.values import BadValueError
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.management.tables import models
from django_flex.dynamodb.models import DynamoModel
from django_flex.dynamodb.reading import identity
from django_flex.dynamodb.transport import call_table
from django_flex.dynamodb.writing import BATCH, put_batches

#: After how many items progress is told.
STEP = 1_000
#: More than the longest line: an item has 400 KB, and a byte of it up to six characters.
_LONGEST_LINE = 4 * 1024 * 1024


class TransferError(Exception):
    """Items cannot be read or written; the message says which, and what to do."""


def model_named(name: str) -> type[DynamoModel]:
    """Return the model with a name, such as ``Play`` or ``shop.Play``.

    Raises:
        TransferError: there is none, or several.
    """
    found = [one for one in models() if name.lower() in {one.__name__.lower(), _label(one)}]
    if len(found) == 1:
        return found[0]
    names = ", ".join(sorted(_label(one) for one in found or models()))
    raise TransferError(f"{'several models are' if found else 'no model is'} {name}: {names}")


def _label(model: type[DynamoModel]) -> str:
    app = apps.get_containing_app_config(model.__module__)
    return f"{app.label if app else model.__module__}.{model.__name__}".lower()


def exported(table: TableSchema, start: Item | None = None) -> Iterator[tuple[str, int]]:
    """Yield lines with the items of a table, page by page, and how many items these are.

    Args:
        table: the table, all of which is read.
        start: the key after which to begin.
    """
    parameters = {"TableName": table.name, "ConsistentRead": True}
    while True:
        more = {} if start is None else {"ExclusiveStartKey": start}
        page = call_table(table, "Scan", parameters | more)
        yield "".join(map(line_of, page["Items"])), len(page["Items"])
        start = page.get("LastEvaluatedKey")
        if start is None:
            return


def last_key(table: TableSchema, file: BinaryIO) -> Item | None:
    """Return the key of the last item in a file that was begun, and cut off half a line behind it.

    Raises:
        TransferError: the last line is no item of the table.
    """
    file.seek(0, os.SEEK_END)
    start = max(0, file.tell() - 2 * _LONGEST_LINE)
    file.seek(start)
    text = file.read()
    end = text.rfind(b"\n") + 1
    file.truncate(start + end)
    file.seek(start + end)
    if not end:
        return None
    try:
        item = item_of(text[text.rfind(b"\n", 0, end - 1) + 1 : end], table)
    except BadValueError as error:
        raise TransferError(f"the last line of the file is no item of {table.name}") from error
    return key_of(table, item)


def imported(model: type[DynamoModel], lines: Iterable[bytes], skip: int = 0) -> Iterator[int]:
    """Write the items in some lines over those that are there; yield how many lines are done.

    A number is only told once each item before it is written, so that an import can go on there.

    Args:
        model: of the table.
        lines: those of an export.
        skip: how many of them are not read.

    Raises:
        TransferError: a line is no item of the table; those before it have been written.
    """
    table = describe(model).table
    batch: dict[str, Item] = {}
    number = 0
    for number, line in enumerate(lines, 1):
        if number <= skip or not line.strip():
            continue
        try:
            item = item_of(line, table)
        except BadValueError as error:
            put_batches(table, [*batch.values()])
            yield number - 1
            raise TransferError(f"line {number}: {error}") from error
        name = identity(table, item)
        # One batch has no key twice; of two items with one key the later is written later.
        if name in batch or len(batch) == BATCH:
            put_batches(table, [*batch.values()])
            batch.clear()
            yield number - 1
        batch[name] = item
    if batch:
        put_batches(table, [*batch.values()])
    yield number
