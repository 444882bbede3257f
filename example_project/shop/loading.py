"""Load the Chinook fixture into the shop's models.

The file is the fixture as it was published. What has to change on the way (names, types, dates)
changes here, so that the models can be what one would write today.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction

from shop.composers import split_composers
from shop.models import (
    Album,
    Artist,
    Customer,
    Employee,
    Genre,
    Invoice,
    InvoiceLine,
    MediaType,
    Playlist,
    Track,
)

DATA_FILE = Path(__file__).resolve().parent / "data" / "chinook.json.gz"
BATCH = 1_000

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One kind of record in the fixture and the model that it becomes."""

    name: str
    model: type[models.Model]
    # The rows that join playlists and tracks take new keys: nothing points to them.
    keep_key: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of the loading."""

    table: str
    done: int
    total: int

    @property
    def percent(self) -> int:
        """Return the progress in whole percent."""
        return 100 * self.done // self.total


# A row comes after the rows that it points to.
TABLES = (
    Table(name="artist", model=Artist),
    Table(name="album", model=Album),
    Table(name="genre", model=Genre),
    Table(name="mediatype", model=MediaType),
    Table(name="track", model=Track),
    Table(name="playlist", model=Playlist),
    Table(name="playlisttrack", model=Playlist.tracks.through, keep_key=False),
    Table(name="employee", model=Employee),
    Table(name="customer", model=Customer),
    Table(name="invoice", model=Invoice),
    Table(name="invoiceline", model=InvoiceLine),
)

FIELD_NAMES = {
    "billingaddress": "billing_address",
    "billingcity": "billing_city",
    "billingcountry": "billing_country",
    "billingpostalcode": "billing_postal_code",
    "billingstate": "billing_state",
    "birthdate": "born_on",
    "composer": "composers",
    "firstname": "first_name",
    "hiredate": "hired_on",
    "invoicedate": "invoiced_at",
    "lastname": "last_name",
    "mediatype": "media_type",
    "postalcode": "postal_code",
}


def is_loaded() -> bool:
    """Return whether the shop has its data; loading is one transaction, so it has all or none."""
    return InvoiceLine.objects.exists()


def load(*, today: date, report: Callable[[Progress], None] = lambda _: None) -> int:
    """Fill the empty shop and return the number of rows.

    All dates move by the same number of days, such that the newest invoice is of the day before
    ``today``: "the last 90 days" finds something, and the same day gives the same shop.
    """
    records = _read_fixture()
    total = sum(len(rows) for rows in records.values())
    shift = _shift_to(today, records["invoice"])
    done = 0
    with transaction.atomic():
        for table in TABLES:
            for count in _insert(table, records[table.name], shift):
                done += count
                report(Progress(table=table.name, done=done, total=total))
        _reset_sequences()
    return total


def _read_fixture() -> dict[str, list[Record]]:
    with gzip.open(DATA_FILE, "rt", encoding="utf-8") as file:
        records: list[Record] = json.load(file, parse_float=Decimal)
    tables: dict[str, list[Record]] = {table.name: [] for table in TABLES}
    for record in records:
        tables[record["model"].removeprefix("chinook.")].append(record)
    return tables


def _shift_to(today: date, invoices: list[Record]) -> timedelta:
    newest = max(_moment(record["fields"]["invoicedate"]) for record in invoices)
    return today - timedelta(days=1) - newest.date()


def _insert(table: Table, records: list[Record], shift: timedelta) -> Iterator[int]:
    """Insert the records; yield the size of each batch once it is stored."""
    rows = (_build(table, record, shift) for record in records)
    while batch := list(islice(rows, BATCH)):
        table.model._default_manager.bulk_create(batch)
        yield len(batch)


def _build(table: Table, record: Record, shift: timedelta) -> models.Model:
    values: dict[str, object] = {"pk": record["pk"]} if table.keep_key else {}
    for name, raw in record["fields"].items():
        field = table.model._meta.get_field(FIELD_NAMES.get(name, name))
        assert isinstance(field, models.Field)
        values[field.attname] = _value(field, raw, shift)
    return table.model(**values)


def _value(field: models.Field[Any, Any], raw: Any, shift: timedelta) -> object:
    match field:
        case models.JSONField():
            return split_composers(raw or "")
        case models.CharField():
            return (raw or "").strip()
        case models.DateTimeField():
            return _moment(raw) + shift
        case models.DateField():
            return _moment(raw).date() + shift
        case _:
            return raw


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _reset_sequences() -> None:
    """Let the next row get a free key, on databases that count keys apart from the rows."""
    loaded = [table.model for table in TABLES if table.keep_key]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), loaded):
            cursor.execute(statement)
