"""Rows with keys of several columns, and grants on them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.core.management.color import no_style
from django.db import connection

from tests.keyed.models import (
    PlotCell,
    PriceQuote,
    ReadingRemark,
    Sensor,
    SensorBadge,
    SensorReading,
    Waybill,
    WaybillLine,
)

ALL = ["get", "list", "aggregate", "export", "explain"]
GRANT: dict[str, Any] = {
    "fields": ["*"],
    "filters": ["*"],
    "order_by": ["*"],
    "aggregates": ["*"],
    "ops": ALL,
}
MODELS = (
    "plotcell",
    "pricequote",
    "waybill",
    "waybillline",
    "sensor",
    "sensorreading",
    "sensorbadge",
    "readingremark",
    "toolbox",
    "tool",
    "toolboxtool",
    "rowlabel",
)
DAY = date(2026, 5, 1)
#: Texts that are easily confused in a key, or in a URL.
SYMBOLS = ("", "~", "_", "_7E", "a~b", "a_b", "a/b", "100%25", "ü .,?&#=", "..", "a\\b'\"", "日本")
ONE, TWO = UUID(int=1), UUID("ffffffff-ffff-4fff-8fff-fffffffffffe")


def exposed(settings: Any, **grants: Any) -> None:
    """Expose all models, some of them with other grants."""
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {f"keyed.{name}": {"anon": GRANT | grants.get(name, {})} for name in MODELS},
    }


@pytest.fixture
def rows(db: None, settings: Any) -> None:
    exposed(settings)
    cells = [(2, 1), (1, 2), (1, 1), (-1, 3), (2, 12)]
    PlotCell.objects.bulk_create(
        PlotCell(row=row, column=column, crop=crop, owner="bob" if row < 0 else "ann")
        for (row, column), crop in zip(cells, ("rye", "oat", "rye", "oat", "hop"), strict=True)
    )
    PriceQuote.objects.bulk_create(
        PriceQuote(symbol=one, day=DAY, price=n) for n, one in enumerate(SYMBOLS)
    )
    Waybill.objects.bulk_create(Waybill(id=n, number=f"w{n}") for n in (1, 2, 3))
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Waybill]):
            cursor.execute(statement)
    WaybillLine.objects.bulk_create(
        WaybillLine(waybill_id=bill, line=line, product=product, amount=amount)
        for bill, line, product, amount in (
            (1, 1, "tin", 5),
            (1, 2, "jar", 7),
            (2, 1, "tin", 1),
            (1, 10, "lid", 3),
        )
    )
    Sensor.objects.bulk_create([Sensor(code=ONE, name="one"), Sensor(code=TWO, name="two")])
    SensorReading.objects.bulk_create(
        SensorReading(serial=serial, sensor_id=sensor, id=number, value=value)
        for serial, sensor, number, value in (
            (ONE, ONE, 1, 0.5),
            (ONE, TWO, 2, None),
            (TWO, ONE, 3, 2.5),
        )
    )
    SensorBadge.objects.create(sensor_id=TWO, colour="red/~", text="hot")
    ReadingRemark.objects.create(reading_id=3, text="odd")
