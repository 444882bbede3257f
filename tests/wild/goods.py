"""Rows of two tables, under two names, in a tree, and found by a code in place of their key."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db import models


class Good(models.Model):
    """A column for each kind of number and time, and names with digits in them."""

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=20, blank=True)
    weight_2 = models.DecimalField(max_digits=9, decimal_places=3, default=Decimal(0))
    in_stock = models.PositiveSmallIntegerField(default=0)
    sold = models.BigIntegerField(default=0)
    lead_time = models.DurationField(null=True, blank=True)
    made_on = models.DateField(null=True, blank=True)
    opens_at = models.TimeField(null=True, blank=True)
    sold_at = models.DateTimeField(null=True, blank=True)
    sha256_sum = models.CharField(max_length=64, blank=True)
    extra = models.JSONField(default=dict, blank=True)


class Machine(Good):
    """Its row is in two tables."""

    power = models.IntegerField(default=1)


class SoldGood(Good):
    """The same rows under another name."""

    class Meta:
        proxy = True


class Shelf(models.Model):
    """It is in another one, and points to goods by their code and to machines by their key."""

    name = models.CharField(max_length=20)
    inside = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="shelves"
    )
    good = models.ForeignKey(
        Good, models.CASCADE, to_field="code", null=True, blank=True, related_name="places"
    )
    machine = models.ForeignKey(
        Machine, models.CASCADE, null=True, blank=True, related_name="places_of_machine"
    )
    cost = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal(1))
    kept_for = models.DurationField(default=timedelta(hours=1))


class Slot(models.Model):
    """Django gives it a column whose name begins like a word of the query language."""

    shelf = models.ForeignKey(Shelf, models.CASCADE, related_name="slots")
    label = models.CharField(max_length=20, blank=True)

    class Meta:
        order_with_respect_to = "shelf"


class Leaflet(models.Model):
    """Names that begin like those of the query language."""

    _title = models.CharField(max_length=20, blank=True)
    _facts = models.JSONField(default=dict, blank=True)
    _file = models.FileField(upload_to="leaflets", blank=True)
    _hidden = models.CharField(max_length=20, blank=True)
    _match = models.CharField(max_length=20, blank=True)


class Extreme(models.Model):
    """Numbers and times that reach as far as their types do."""

    fraction = models.DecimalField(max_digits=5, decimal_places=5, null=True, blank=True)
    whole = models.DecimalField(max_digits=12, decimal_places=0, null=True, blank=True)
    real = models.FloatField(null=True, blank=True)
    big = models.BigIntegerField(null=True, blank=True)
    day = models.DateField(null=True, blank=True)
    clock = models.TimeField(null=True, blank=True)
    span = models.DurationField(null=True, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)


class Dose(models.Model):
    """Decimals of more digits than Python computes with, and of which most come behind the point."""

    code = models.SlugField(unique=True)
    wide = models.DecimalField(max_digits=38, decimal_places=8, default=Decimal(0))
    tiny = models.DecimalField(max_digits=14, decimal_places=12, default=Decimal(0))


class DosePart(models.Model):
    """A part of one."""

    dose = models.ForeignKey(Dose, models.CASCADE, related_name="parts")
    tiny = models.DecimalField(max_digits=14, decimal_places=12, default=Decimal(0))
