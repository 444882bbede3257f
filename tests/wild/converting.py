"""Fields that store another value than the one that Python code sees."""

from __future__ import annotations

import enum
import json
import secrets
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models


class ListField(models.CharField[Any, Any]):
    """A list as text with commas, as django-multiselectfield stores it."""

    def from_db_value(self, value, expression, connection):
        return self.to_python(value)

    def to_python(self, value):
        if isinstance(value, str):
            return value.split(",") if value else []
        return value

    def get_prep_value(self, value):
        return ",".join(value) if isinstance(value, list) else value

    def validate(self, value, model_instance):
        if not isinstance(value, list):
            raise ValidationError("not a list")


class CentsField(models.IntegerField[Any, Any]):
    """An amount that is stored as cents."""

    def from_db_value(self, value, expression, connection):
        return None if value is None else Decimal(value) / 100

    def to_python(self, value):
        return value if value is None else Decimal(str(value))

    def get_prep_value(self, value):
        return None if value is None else int(Decimal(str(value)) * 100)


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


class MoodField(models.Field[Any, Any]):
    """A member of an enumeration, stored by the first letter of its value."""

    def get_internal_type(self):
        return "CharField"

    def from_db_value(self, value, expression, connection):
        return next((mood for mood in Mood if mood.value[0] == value), None)

    def to_python(self, value):
        return value if value is None else Mood(value)

    def get_prep_value(self, value):
        return value if value is None else Mood(value).value[0]


class WholeMoodField(MoodField):
    """A member, stored by its value, so that Django may convert it twice, as it does with keys."""

    def from_db_value(self, value, expression, connection):
        return None if value is None else Mood(value)

    def get_prep_value(self, value):
        return value if value is None else Mood(value).value


class _SealedMixin:
    def from_db_value(self, value, expression, connection):
        return self.to_python(None if value is None else value.partition("~")[2])  # type: ignore[attr-defined]


class SealedField(_SealedMixin, models.CharField[Any, Any]):
    """Text that is stored with a random part, and compared without one."""

    def get_db_prep_save(self, value, connection):
        return None if value is None else f"{secrets.token_hex(4)}~{value}"


class SealedNumberField(_SealedMixin, models.IntegerField[Any, Any]):
    """A number with a random part, in what is stored and in what is compared."""

    validators = []

    def get_internal_type(self):
        return "TextField"

    def get_prep_value(self, value):
        return None if value is None else f"{secrets.token_hex(4)}~{value}"

    def get_db_prep_value(self, value, connection, prepared=False):
        return value if prepared else self.get_prep_value(value)


class NormalField(models.CharField[str, str]):
    """It changes what is stored, and reads it as it is."""

    def get_prep_value(self, value):
        return None if value is None else str(value).lower()


class TurnedField(models.CharField[str, str]):
    """A key that is stored from back to front."""

    def from_db_value(self, value, expression, connection):
        return None if value is None else value[::-1]

    def get_prep_value(self, value):
        return None if value is None else str(value)[::-1]


class Words:
    """A text in several languages, of which a reply shows one."""

    def __init__(self, by_language):
        self.by_language = by_language

    def __str__(self):
        return self.by_language["en"]

    def __eq__(self, other):
        return isinstance(other, Words) and self.by_language == other.by_language

    def __hash__(self):
        return hash(str(self))


class WordsField(models.TextField[Any, Any]):
    """What is stored is JSON, as i18nfield stores it."""

    def from_db_value(self, value, expression, connection):
        return None if value is None else Words(json.loads(value))

    def to_python(self, value):
        if value is None or isinstance(value, Words):
            return value
        return Words(value if isinstance(value, dict) else {"en": value})

    def get_prep_value(self, value):
        return None if value is None else json.dumps(self.to_python(value).by_language)


class Basket(models.Model):
    colours = ListField(max_length=50, blank=True, default=list)
    price = CentsField(null=True, blank=True)
    mood = MoodField(max_length=1, null=True, blank=True, choices=[(one, one.name) for one in Mood])
    secret_note = SealedField(max_length=50, null=True, blank=True)
    age = SealedNumberField(null=True, blank=True)
    title = WordsField(null=True, blank=True)
    low = NormalField(max_length=20, blank=True)


class Ticket(models.Model):
    code = TurnedField(max_length=20, primary_key=True)


class Stub(models.Model):
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="stubs")


class Weight(models.Model):
    """Its key is a number that Python writes as ``1E-8``."""

    key = models.DecimalField(max_digits=12, decimal_places=8, primary_key=True)
    name = models.CharField(max_length=20, blank=True)


class Delay(models.Model):
    """Its key is a duration."""

    key = models.DurationField(primary_key=True)
    name = models.CharField(max_length=20, blank=True)


class Tick(models.Model):
    """Its key is a datetime."""

    key = models.DateTimeField(primary_key=True)
    name = models.CharField(max_length=20, blank=True)


class Temper(models.Model):
    """Its key is a member of an enumeration."""

    key = WholeMoodField(max_length=4, primary_key=True)
    name = models.CharField(max_length=20, blank=True)


class Label(models.Model):
    """It belongs to one of them."""

    weight = models.ForeignKey(Weight, models.CASCADE, null=True, related_name="labels")
    delay = models.ForeignKey(Delay, models.CASCADE, null=True, related_name="labels")
    tick = models.ForeignKey(Tick, models.CASCADE, null=True, related_name="labels")
    temper = models.ForeignKey(Temper, models.CASCADE, null=True, related_name="labels")
