"""A column of each kind, and columns of a project's own."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from django.db import models

#: What a column of a project may depend on beside the value: a tenant, a key.
PREFIX: ContextVar[str] = ContextVar("prefix", default="a")


class FoldedField(models.CharField):  # type: ignore[type-arg]  # generic for the checker alone
    """A text without capitals; an empty one is none at all."""

    def get_prep_value(self, value: Any) -> Any:
        found = super().get_prep_value(value)
        return found.lower() or None if isinstance(found, str) else found


class PrefixedField(models.CharField):  # type: ignore[type-arg]  # generic for the checker alone
    """A text that is stored behind what the time knows."""

    def get_prep_value(self, value: Any) -> Any:
        found = super().get_prep_value(value)
        return f"{PREFIX.get()}:{found}" if isinstance(found, str) else found


class Sample(models.Model):
    flag = models.BooleanField(default=False)
    maybe = models.BooleanField(null=True)
    tiny = models.SmallIntegerField(null=True)
    whole = models.IntegerField(default=0)
    large = models.BigIntegerField(null=True)
    few = models.PositiveSmallIntegerField(null=True)
    some = models.PositiveIntegerField(default=0)
    many = models.PositiveBigIntegerField(null=True)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    exact = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    ratio = models.FloatField(null=True)
    name = models.CharField(max_length=20, default="")
    note = models.TextField(null=True)
    day = models.DateField(null=True)
    clock = models.TimeField(null=True)
    moment = models.DateTimeField(null=True)
    span = models.DurationField(null=True)
    token = models.UUIDField(null=True)
    blob = models.BinaryField(null=True)
    data = models.JSONField(null=True)
    address = models.GenericIPAddressField(null=True)
    file = models.FileField(null=True)
    folded = FoldedField(max_length=20, null=True)
    prefixed = PrefixedField(max_length=20, null=True)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children")
    tag = models.ForeignKey("Tag", models.SET_NULL, null=True, related_name="+")

    class Meta:
        app_label = "testapp"
