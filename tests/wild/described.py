"""Models whose attributes are code: what they are set to is looked at, or read together with others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

CURRENCIES = ("EUR", "USD")
ZONES = ("UTC", "Europe/Berlin")


class Described(models.Field[Any, Any]):
    """A field whose attribute is a descriptor of its own."""

    descriptor: Any

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, name, self.descriptor(self))


class Money:
    """An amount with its currency."""

    def __init__(self, amount: Decimal, currency: str | None) -> None:
        if currency is None:
            raise TypeError("secret")
        if currency not in CURRENCIES:
            raise LookupError("secret")
        self.amount = amount
        self.currency = currency


class MoneyDescriptor:
    """It makes the money of two columns when it is read, as that of django-money does."""

    def __init__(self, field: Any) -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        amount = instance.__dict__[self.field.attname]
        return amount if amount is None else Money(amount, instance.currency)

    def __set__(self, instance: Any, value: Any) -> None:
        if value is not None and not instance.__dict__.get("currency", "EUR"):
            raise ValueError("secret")
        amount = value.amount if isinstance(value, Money) else value
        instance.__dict__[self.field.attname] = amount


class AmountField(Described, models.DecimalField):  # type: ignore[type-arg]  # as all of these
    """An amount beside a column ``currency``."""

    descriptor = MoneyDescriptor

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.amount if isinstance(value, Money) else value)

    def clean(self, value: Any, model_instance: Any) -> Any:
        return self.to_python(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return super().get_db_prep_save(getattr(value, "amount", value), connection)


class Price(models.Model):
    """An amount and its currency, of which the second may be missing."""

    name = models.CharField(max_length=50, blank=True)
    amount = AmountField(max_digits=8, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, null=True, blank=True)


class ZoneDescriptor:
    """It converts what it is set to, and refuses what is no zone."""

    def __init__(self, field: Any) -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else instance.__dict__[self.field.attname]

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class ZoneField(Described, models.CharField):  # type: ignore[type-arg]  # as all of these
    """The name of a zone."""

    descriptor = ZoneDescriptor

    def to_python(self, value: Any) -> Any:
        if value is not None and value not in ZONES:
            raise ValidationError("Not a zone", code="no_zone")
        return value


class Meeting(models.Model):
    """It has a zone."""

    name = models.CharField(max_length=20)
    zone = ZoneField(max_length=20, default="UTC")


class StateDescriptor(ZoneDescriptor):
    """It lets nobody set it twice, as that of django-fsm."""

    def __set__(self, instance: Any, value: Any) -> None:
        if self.field.attname in instance.__dict__:
            raise AttributeError("secret")
        instance.__dict__[self.field.attname] = value


class StateField(Described, models.CharField):  # type: ignore[type-arg]  # as all of these
    """The state of a row."""

    descriptor = StateDescriptor


class Flow(models.Model):
    """It has a state."""

    name = models.CharField(max_length=20, blank=True)
    state = StateField(max_length=20, default="new")
