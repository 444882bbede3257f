"""Orders and their lines."""

from __future__ import annotations

from django.db import models


class Order(models.Model):
    """An order."""

    number = models.CharField(max_length=20, unique=True)
    total = models.IntegerField(default=0)


class Line(models.Model):
    """A line of an order."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.CharField(max_length=20)
