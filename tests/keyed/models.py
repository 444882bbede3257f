"""Models whose rows are identified by several columns, and what belongs to them."""

from __future__ import annotations

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models


class PlotCell(models.Model):
    """Two numbers are its key."""

    pk = models.CompositePrimaryKey("row", "column")
    row = models.IntegerField()
    column = models.IntegerField()
    crop = models.CharField(max_length=40)
    owner = models.CharField(max_length=20, default="ann")


class PriceQuote(models.Model):
    """A text and a date are its key."""

    pk = models.CompositePrimaryKey("symbol", "day")
    symbol = models.CharField(max_length=60)
    day = models.DateField()
    price = models.DecimalField(max_digits=10, decimal_places=2)
    note = models.TextField(blank=True)


class Waybill(models.Model):
    """What lines belong to."""

    number = models.CharField(max_length=20)
    owner = models.CharField(max_length=20, default="ann")


class WaybillLine(models.Model):
    """A line of a waybill: the key has the key of the row that it belongs to in it."""

    pk = models.CompositePrimaryKey("waybill_id", "line")
    waybill = models.ForeignKey(Waybill, models.CASCADE, related_name="lines")
    line = models.PositiveSmallIntegerField()
    product = models.CharField(max_length=40)
    amount = models.IntegerField(default=1)


class Sensor(models.Model):
    """Its key is no number."""

    code = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=20)


class SensorReading(models.Model):
    """A UUID and a foreign key are its key; ``id`` is another column."""

    pk = models.CompositePrimaryKey("serial", "sensor")
    serial = models.UUIDField()
    sensor = models.ForeignKey(Sensor, models.CASCADE, related_name="readings")
    id = models.IntegerField(unique=True)
    value = models.FloatField(null=True)


class SensorBadge(models.Model):
    """At most one belongs to a sensor."""

    pk = models.CompositePrimaryKey("sensor", "colour")
    sensor = models.OneToOneField(Sensor, models.CASCADE, related_name="badge")
    colour = models.CharField(max_length=10)
    text = models.CharField(max_length=20)


class ReadingRemark(models.Model):
    """Points to a reading by another unique column than its key."""

    reading = models.ForeignKey(
        SensorReading, models.CASCADE, to_field="id", related_name="remarks"
    )
    text = models.CharField(max_length=20)


class Toolbox(models.Model):
    """What is in it, and how many of it, is in rows whose key is both keys."""

    name = models.CharField(max_length=20)
    tools: models.ManyToManyField[models.Model, models.Model] = models.ManyToManyField(
        "Tool", through="ToolboxTool", related_name="toolboxes"
    )


class Tool(models.Model):
    """A thing in toolboxes."""

    name = models.CharField(max_length=20)


class ToolboxTool(models.Model):
    """How many of a tool are in a toolbox."""

    pk = models.CompositePrimaryKey("toolbox_id", "tool_id")
    toolbox = models.ForeignKey(Toolbox, models.CASCADE, related_name="contents")
    tool = models.ForeignKey(Tool, models.CASCADE, related_name="places")
    amount = models.IntegerField(default=1)
    hidden_note = models.CharField(max_length=20, blank=True)


class RowLabel(models.Model):
    """What a row of any model is called: the columns of a generic foreign key are its key."""

    pk = models.CompositePrimaryKey("content_type", "object_id")
    # Tables of apps without migrations are created before those of apps with some.
    content_type = models.ForeignKey(ContentType, models.CASCADE, db_constraint=False)
    object_id = models.PositiveBigIntegerField()
    content_object = GenericForeignKey()
    text = models.CharField(max_length=20)
