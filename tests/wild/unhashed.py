"""Keys whose Python values have no hash, and rows that point to them."""

from __future__ import annotations

from typing import Any

from django.db import models


class Code:  # noqa: PLW1641 - that is what it is for
    """A class that says when it is equal and not what its hash is, so that it has none."""

    def __init__(self, text):
        self.text = text

    def __eq__(self, other):
        return isinstance(other, Code) and self.text == other.text

    def __str__(self):
        return self.text


class _UnhashedField(models.CharField[Any, Any]):
    def from_db_value(self, value, expression, connection):
        return self.to_python(value)

    def to_python(self, value):
        return self.made(value) if isinstance(value, str) else value

    def get_prep_value(self, value):
        return value if value is None or isinstance(value, str) else self.text(value)

    def made(self, text: str) -> Any:
        raise NotImplementedError

    def text(self, value: Any) -> str:
        raise NotImplementedError


class PartsField(_UnhashedField):
    def made(self, text):
        return text.split("-")

    def text(self, value):
        return "-".join(value)


class NamedField(_UnhashedField):
    def made(self, text):
        return {"code": text}

    def text(self, value):
        return value["code"]


class CodeField(_UnhashedField):
    def made(self, text):
        return Code(text)

    def text(self, value):
        return value.text


class Sort(models.Model):
    key = PartsField(max_length=20, primary_key=True)
    name = models.CharField(max_length=20, blank=True)


class Species(models.Model):
    key = NamedField(max_length=20, primary_key=True)
    name = models.CharField(max_length=20, blank=True)


class Rank(models.Model):
    key = CodeField(max_length=20, primary_key=True)
    name = models.CharField(max_length=20, blank=True)


class Specimen(models.Model):
    """It points to one of each."""

    name = models.CharField(max_length=20, blank=True)
    sort = models.ForeignKey(Sort, models.CASCADE, null=True, blank=True, related_name="specimens")
    species = models.ForeignKey(
        Species, models.CASCADE, null=True, blank=True, related_name="specimens"
    )
    rank = models.ForeignKey(Rank, models.CASCADE, null=True, blank=True, related_name="specimens")
