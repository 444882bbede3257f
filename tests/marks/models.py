"""Rows that point to rows of any model, and the models that they point to."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Mark(models.Model):
    """A key that is a number, as most are."""

    text = models.CharField(max_length=50, blank=True)
    stars = models.IntegerField(default=0)
    secret = models.BooleanField(default=False)
    content_type = models.ForeignKey(ContentType, models.CASCADE, null=True, blank=True)
    object_id = models.PositiveBigIntegerField(null=True, blank=True)
    target = GenericForeignKey()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["content_type", "object_id"])]


class Sticker(models.Model):
    """A key that is a text, so that it can be that of any model, and columns with other names."""

    label = models.CharField(max_length=50)
    kind = models.ForeignKey(ContentType, models.CASCADE)
    key = models.CharField(max_length=50)
    on = GenericForeignKey("kind", "key")
    mark = models.ForeignKey(Mark, models.CASCADE, null=True, related_name="stickers")


class Studio(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=50)
    marks = GenericRelation(Mark)


class Film(models.Model):
    title = models.CharField(max_length=50)
    secret = models.BooleanField(default=False)
    studio = models.ForeignKey(Studio, models.CASCADE, null=True, blank=True, related_name="films")
    marks = GenericRelation(Mark)
    stickers = GenericRelation(Sticker, "key", "kind", related_query_name="film")


class Serial(Film):
    """A film with a table of its own, and so with a type of its own."""

    seasons = models.IntegerField(default=1)


class OldFilm(Film):
    """The same rows under another name."""

    class Meta:
        proxy = True


class Actor(models.Model):
    name = models.CharField(max_length=50)
    born_in = models.CharField(max_length=50, blank=True)
    marks = GenericRelation(Mark)


class Festival(models.Model):
    """A key that is a text, as that of a sticker is."""

    code = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=50)
    secret = models.BooleanField(default=False)


class Plaque(models.Model):
    """A key that is a UUID."""

    words = models.CharField(max_length=50)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.UUIDField()
    content_object = GenericForeignKey()


class GoldPlaque(Plaque):
    """A generic foreign key whose columns are in the table of a parent class."""

    carats = models.IntegerField(default=24)


class Bridge(models.Model):
    """Two generic foreign keys, of which each has types of its own."""

    name = models.CharField(max_length=50)
    start_type = models.ForeignKey(
        ContentType, models.CASCADE, related_name="+", limit_choices_to={"model": "film"}
    )
    start_id = models.PositiveBigIntegerField()
    start = GenericForeignKey("start_type", "start_id")
    finish_type = models.ForeignKey(
        ContentType,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"model__in": ["actor", "serial"]},
    )
    finish_id = models.PositiveBigIntegerField(null=True, blank=True)
    finish = GenericForeignKey("finish_type", "finish_id")


class Postmark(models.Model):
    """Both columns are set by code; forms never have them."""

    text = models.CharField(max_length=50)
    content_type = models.ForeignKey(ContentType, models.CASCADE, null=True, editable=False)
    object_id = models.PositiveBigIntegerField(null=True, editable=False)
    target = GenericForeignKey()


class Endnote(models.Model):
    """Two numbers are its key."""

    pk = models.CompositePrimaryKey("page", "number")
    page = models.IntegerField()
    number = models.IntegerField()
    text = models.CharField(max_length=50)
    content_type = models.ForeignKey(ContentType, models.CASCADE, null=True, blank=True)
    object_id = models.PositiveBigIntegerField(null=True, blank=True)
    target = GenericForeignKey()


class Vote(models.Model):
    """What it points to is a part of its key."""

    pk = models.CompositePrimaryKey("content_type", "object_id", "voter")
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    voter = models.CharField(max_length=20)
    stars = models.IntegerField(default=0)
    target = GenericForeignKey()
