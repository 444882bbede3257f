"""Essays and who wrote them; the tests expose them as ``posts`` and ``authors``."""

from __future__ import annotations

from django.db import models


class Writer(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Essay(models.Model):
    title = models.CharField(max_length=50)
    views = models.IntegerField(default=0)
    author = models.ForeignKey(Writer, models.SET_NULL, null=True, related_name="posts")

    def __str__(self) -> str:
        return self.title
