"""Managers and querysets whose methods do something else than those of Django, under a text key."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F
from django.db.models.query import ModelIterable


class EmptyQuerySet(models.QuerySet[Any, Any]):
    """It says that it has no rows, in each of the ways in which it may be asked."""

    def iterator(self, *args, **kwargs):
        return iter([])

    def _fetch_all(self):
        self._result_cache = []

    def exists(self):
        return False

    def count(self):
        return 99

    def first(self):
        return None


class ClosedQuerySet(models.QuerySet[Any, Any]):
    """It lets nobody narrow, sort or shape its rows, other than by ``filter``."""

    def _refuse(self, *args, **kwargs):
        raise RuntimeError("secret")

    exclude = order_by = annotate = only = values = values_list = aggregate = _refuse
    select_for_update = get = distinct = _refuse


class _Wrapping(ModelIterable):  # type: ignore[type-arg]  # it is generic for the checker alone
    def __iter__(self):
        return ({"wrapped": one} for one in super().__iter__())


class WrappingQuerySet(models.QuerySet[Any, Any]):
    """Its rows are no instances."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._iterable_class = _Wrapping


class ShapingManager(models.Manager[Any]):
    """Its rows are values of one column, in an order, with an annotation, and none below 0."""

    def get_queryset(self):
        rows = super().get_queryset().annotate(double=F("number") * 2).filter(double__gte=0)
        return rows.order_by("-number").values("name")


class SoftQuerySet(models.QuerySet[Any, Any]):
    """Its updates and deletes do something else."""

    def delete(self):
        return super().update(number=-1)

    def update(self, **values):
        return super().update(**{**values, "name": "changed"})


class Listed(models.Model):
    """What the models have that are under such managers."""

    code = models.CharField(max_length=10, primary_key=True)
    name = models.CharField(max_length=20)
    number = models.IntegerField(default=0)

    class Meta:
        abstract = True


class EmptyListed(Listed):
    objects = EmptyQuerySet.as_manager()


class ClosedListed(Listed):
    objects = ClosedQuerySet.as_manager()


class WrappingListed(Listed):
    objects = WrappingQuerySet.as_manager()


class ShapingListed(Listed):
    objects = ShapingManager()


class SoftListed(Listed):
    objects = SoftQuerySet.as_manager()
