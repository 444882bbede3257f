"""django-taggit: rows with tags, linked in each way that the package offers."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from taggit.managers import TaggableManager
from taggit.models import (
    CommonGenericTaggedItemBase,
    GenericTaggedItemBase,
    GenericUUIDTaggedItemBase,
    ItemBase,
    TagBase,
    TaggedItemBase,
)


def new_code() -> str:
    return f"code {uuid.uuid4()}"[:40]


class MoodTag(TagBase):
    """A tag of the project's own, with a column more."""

    warmth = models.IntegerField(default=0)


class MoodItem(GenericTaggedItemBase):
    tag = models.ForeignKey(MoodTag, models.CASCADE, related_name="mood_items")


class OwnTag(TagBase):
    """A tag with a text as its key, whose name is not the only one: each owner has tags of their own."""

    name = models.CharField(max_length=30)
    slug = models.SlugField(max_length=60, primary_key=True)
    owner = models.CharField(max_length=20, default="us")

    class Meta:
        unique_together = [("name", "owner")]

    def slugify(self, tag: str, i: int | None = None) -> str:
        slug: str = super().slugify(f"{self.owner}-{tag}", i)
        return slug


class GigLabel(ItemBase):
    """Links by a foreign key, which may repeat."""

    tag = models.ForeignKey(OwnTag, models.CASCADE, related_name="gig_labels")
    content_object = models.ForeignKey("Gig", models.CASCADE)


class StageTag(TaggedItemBase):
    """Links by a foreign key to a row whose key is a text."""

    content_object = models.ForeignKey("Stage", models.CASCADE)


class TextTag(CommonGenericTaggedItemBase, TaggedItemBase):
    """Links by the key of a row as a text."""

    object_id = models.CharField(max_length=50, db_index=True)


class BootlegTag(GenericUUIDTaggedItemBase, TaggedItemBase):
    """Links by the key of a row, a UUID."""


class Photo(models.Model):
    title = models.CharField(max_length=50)
    tags = TaggableManager(blank=True)


class Print(Photo):
    """A child class, whose rows have tags of their own."""

    copies = models.IntegerField(default=1)


class PhotoProxy(Photo):
    class Meta:
        proxy = True


class Frame(models.Model):
    photo = models.ForeignKey(Photo, models.CASCADE, null=True, related_name="frames")


class Gig(models.Model):
    title = models.CharField(max_length=50)
    tags = TaggableManager(through=GigLabel, blank=True)


class Stage(models.Model):
    """The key of a row is a text."""

    code = models.CharField(max_length=40, primary_key=True, default=new_code)
    title = models.CharField(max_length=50)
    tags = TaggableManager(through=StageTag, blank=True)


class Flyer(models.Model):
    """Two sorts of tags, both by the key of a row as a number or as a text."""

    title = models.CharField(max_length=50)
    tags = TaggableManager(through=TextTag, blank=True)
    mood_tags = TaggableManager("Moods", through=MoodItem, related_name="flyers", blank=True)


class Placard(models.Model):
    """A text as the key, and links that hold it as one."""

    code = models.CharField(max_length=40, primary_key=True, default=new_code)
    title = models.CharField(max_length=50)
    tags = TaggableManager(through=TextTag, blank=True)


class Bootleg(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=50)
    tags = TaggableManager(through=BootlegTag, blank=True)


class Unlinked(models.Model):
    """The links hold numbers, which its keys are not: the package cannot link it either."""

    code = models.CharField(max_length=10, primary_key=True)
    tags = TaggableManager(blank=True)


TAGGED: tuple[Any, ...] = (Photo, Print, PhotoProxy, Gig, Stage, Flyer, Placard, Bootleg)
