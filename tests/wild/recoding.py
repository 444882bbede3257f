"""Fields that store values of every type as another type, each by a pair of functions."""

from __future__ import annotations

import base64
import enum
import json
import zlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.db import models


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Right(enum.Flag):
    READ = 1
    WRITE = 2


@dataclass(frozen=True)
class Cell:
    """A place on a board, which is sent as an object and shown as a text."""

    row: int
    column: int

    def __str__(self) -> str:
        return f"{self.row}/{self.column}"


class _RecodedField(models.Field[Any, Any]):
    """It stores what ``stored`` makes of a value, and reads it by ``read``."""

    kind: type = object
    read: Any
    stored: Any
    internal_type = "CharField"

    def get_internal_type(self) -> str:
        return self.internal_type

    def from_db_value(self, value: Any, expression: object, connection: object) -> Any:
        return None if value is None else type(self).read(value)

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, self.kind) else self.parsed(value)

    def parsed(self, value: Any) -> Any:
        return type(self).read(value)

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else type(self).stored(self.to_python(value))


class LevelField(_RecodedField):
    kind, read, stored, internal_type = Level, Level, int, "IntegerField"


class RightField(_RecodedField):
    kind, read, internal_type = Right, Right, "IntegerField"

    @staticmethod
    def stored(value: Right) -> int:
        return value.value


class DayField(_RecodedField):
    """A day as its number."""

    kind, read, stored = date, date.fromordinal, date.toordinal
    internal_type = "IntegerField"

    def parsed(self, value: Any) -> Any:
        return date.fromisoformat(value)


class YesField(_RecodedField):
    kind = bool

    def parsed(self, value: Any) -> bool:
        return bool(value)

    @staticmethod
    def read(value: str) -> bool:
        return value == "Y"

    @staticmethod
    def stored(value: bool) -> str:
        return "Y" if value else "N"


class ExactField(_RecodedField):
    """A decimal as a text."""

    kind, read = Decimal, Decimal

    @staticmethod
    def stored(value: Decimal) -> str:
        return format(value, "f")


class HexField(_RecodedField):
    """A UUID without hyphens, as a text on every database."""

    kind, read = UUID, UUID

    @staticmethod
    def stored(value: UUID) -> str:
        return value.hex


class PackedField(_RecodedField):
    """A text, compressed."""

    kind = str

    def parsed(self, value: Any) -> str:
        return str(value)

    @staticmethod
    def read(value: str) -> str:
        return zlib.decompress(base64.b64decode(value)).decode()

    @staticmethod
    def stored(value: str) -> str:
        return base64.b64encode(zlib.compress(value.encode())).decode()


class PathField(_RecodedField):
    kind, read, stored = PurePosixPath, PurePosixPath, str


class ObjectField(_RecodedField):
    """An object as JSON in a text."""

    kind, read = dict, json.loads

    @staticmethod
    def stored(value: dict[str, Any]) -> str:
        return json.dumps(value, sort_keys=True)


class CellField(_RecodedField):
    kind = Cell

    @staticmethod
    def read(value: str) -> Cell:
        return Cell(*map(int, value.split("/")))

    stored = str

    def parsed(self, value: Any) -> Any:
        return Cell(**value) if isinstance(value, dict) else CellField.read(value)


class Recoded(models.Model):
    """It has one of each."""

    name = models.CharField(max_length=20)
    level = LevelField(null=True, blank=True)
    right = RightField(null=True, blank=True)
    day = DayField(null=True, blank=True)
    yes = YesField(max_length=1, null=True, blank=True)
    exact = ExactField(max_length=40, null=True, blank=True)
    hex = HexField(max_length=32, null=True, blank=True)
    packed = PackedField(max_length=80, null=True, blank=True)
    path = PathField(max_length=40, null=True, blank=True)
    object = ObjectField(max_length=40, null=True, blank=True)
    cell = CellField(max_length=20, null=True, blank=True)
