"""Fields whose values are objects with more in them than the text that a reply shows."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import SimpleLazyObject, lazystr
from django.utils.safestring import mark_safe


class Texts:
    """A text in several languages; two of them are never equal, as objects of most classes are not."""

    def __init__(self, by_language):
        self.by_language = by_language

    def __str__(self):
        return self.by_language["en"]


class SafeTexts(str):
    """The text of one language, with those of the others beside it."""

    __slots__ = ("by_language",)
    by_language: dict[str, str]

    def __new__(cls, by_language):
        made = super().__new__(cls, by_language["en"])
        made.by_language = by_language
        return made


class _WordedField(models.TextField[Any, Any]):
    kind: Any = Texts

    def from_db_value(self, value, expression, connection):
        return None if value is None else self.kind(json.loads(value))

    def get_prep_value(self, value):
        if value is None:
            return None
        return json.dumps(getattr(value, "by_language", None) or {"en": str(value)})


class CopyingField(_WordedField):
    """Its ``to_python`` makes an object of a text, and another one of an object."""

    def to_python(self, value):
        if value is None:
            return None
        return Texts(dict(value.by_language) if isinstance(value, Texts) else {"en": value})


class RefusingField(_WordedField):
    """It takes no text, only languages."""

    def to_python(self, value):
        if value is None or isinstance(value, Texts):
            return value
        if not isinstance(value, dict):
            raise ValidationError("languages are needed")
        return Texts(value)


class StumblingField(_WordedField):
    """Its code fails on whatever is no object of its own."""

    def to_python(self, value):
        return Texts(value.by_language)


class SafeField(_WordedField):
    """Its object is a text itself, which another one with other languages equals."""

    kind = SafeTexts


class SeveralField(_WordedField):
    """A list of such objects."""

    def from_db_value(self, value, expression, connection):
        return None if value is None else [Texts(one) for one in json.loads(value)]

    def to_python(self, value):
        return value and [one if isinstance(one, Texts) else Texts({"en": one}) for one in value]

    def get_prep_value(self, value):
        return json.dumps([getattr(one, "by_language", {"en": str(one)}) for one in value or ()])


class Banner(models.Model):
    code = models.CharField(max_length=20, unique=True)
    copying = CopyingField(null=True, blank=True)
    refusing = RefusingField(null=True, blank=True)
    stumbling = StumblingField(null=True, blank=True)
    safe = SafeField(null=True, blank=True)
    several = SeveralField(default=list, blank=True)
    changed = models.DateTimeField(auto_now=True)


class Scrap(models.Model):
    """A part of one."""

    poster = models.ForeignKey(Banner, models.CASCADE, related_name="scraps")
    copying = CopyingField(null=True, blank=True)
    refusing = RefusingField(null=True, blank=True)
    stumbling = StumblingField(null=True, blank=True)
    safe = SafeField(null=True, blank=True)
    several = SeveralField(default=list, blank=True)


class _ReadField(models.CharField[Any, Any]):
    """What is read is no text, but behaves like one."""

    read: Any

    def from_db_value(self, value, expression, connection):
        return None if value is None else type(self).read(value)


class MarkedField(_ReadField):
    read = mark_safe


class LazyField(_ReadField):
    read = lazystr


class WrappedField(_ReadField):
    @staticmethod
    def read(value):
        return SimpleLazyObject(lambda: value)


class OwnText(str):
    """A text of a class of its own, whose ``str`` is an object of this class."""

    __slots__ = ()

    def __str__(self):
        return self


class OwnTextField(_ReadField):
    read = OwnText


class Snippet(models.Model):
    """A text of each kind that packages make of what is stored."""

    marked = MarkedField(max_length=50, default="")
    lazy = LazyField(max_length=50, default="")
    wrapped = WrappedField(max_length=50, default="")
    own = OwnTextField(max_length=50, default="")
