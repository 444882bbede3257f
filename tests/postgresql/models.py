"""Rows with columns of PostgreSQL's own types."""

from __future__ import annotations

from django.contrib.postgres import fields
from django.db import models


class Span(models.Model):
    """Ranges of each kind."""

    name = models.CharField(max_length=20, default="")
    whole = models.IntegerField(default=0)
    numbers = fields.IntegerRangeField(null=True, blank=True)
    large = fields.BigIntegerRangeField(null=True, blank=True)
    sums = fields.DecimalRangeField(null=True, blank=True)
    closed = fields.DecimalRangeField(null=True, blank=True, default_bounds="[]")
    days = fields.DateRangeField(null=True, blank=True)
    moments = fields.DateTimeRangeField(null=True, blank=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")

    class Meta:
        app_label = "postgresql"


class Basket(models.Model):
    """Arrays of each kind."""

    name = models.CharField(max_length=20, default="")
    whole = models.IntegerField(default=0)
    words = fields.ArrayField(models.CharField(max_length=5, blank=True), default=list, blank=True)
    notes = fields.ArrayField(models.TextField(null=True, blank=True), null=True, blank=True)
    small = fields.ArrayField(models.SmallIntegerField(), null=True, blank=True)
    numbers = fields.ArrayField(models.IntegerField(null=True, blank=True), null=True, blank=True)
    large = fields.ArrayField(models.BigIntegerField(), null=True, blank=True)
    sums = fields.ArrayField(
        models.DecimalField(max_digits=8, decimal_places=2), null=True, blank=True
    )
    ratios = fields.ArrayField(models.FloatField(), null=True, blank=True)
    flags = fields.ArrayField(models.BooleanField(), null=True, blank=True)
    days = fields.ArrayField(models.DateField(), null=True, blank=True)
    moments = fields.ArrayField(models.DateTimeField(), null=True, blank=True)
    clocks = fields.ArrayField(models.TimeField(), null=True, blank=True)
    spans = fields.ArrayField(models.DurationField(), null=True, blank=True)
    keys = fields.ArrayField(models.UUIDField(), null=True, blank=True)
    addresses = fields.ArrayField(models.GenericIPAddressField(), null=True, blank=True)
    grid = fields.ArrayField(fields.ArrayField(models.IntegerField()), null=True, blank=True)
    documents = fields.ArrayField(models.JSONField(), null=True, blank=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")

    class Meta:
        app_label = "postgresql"


class Parcel(models.Model):
    """Texts by their keys."""

    name = models.CharField(max_length=20, default="")
    attributes = fields.HStoreField(default=dict, blank=True)
    extra = fields.HStoreField(null=True, blank=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")

    class Meta:
        app_label = "postgresql"
