"""Managers and fields that refuse to be asked, in different ways."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldError, PermissionDenied, ValidationError
from django.db import models


class Scoped(models.Manager[Any]):
    """It needs a tenant, which no request of a test has."""

    def get_queryset(self):
        raise LookupError("no tenant is active: secret")


class Denying(models.Manager[Any]):
    """It refuses by an exception that Django knows."""

    def get_queryset(self):
        raise PermissionDenied("secret")


class Empty(models.Manager[Any]):
    """It returns nothing where it means no rows."""

    def all(self):
        return None


class Broken(models.Manager[Any]):
    """It stumbles over itself."""

    def get_queryset(self):
        return super().get_queryset().filter(tenant=1)


class Kept(models.Model):
    """What the models have that are under such managers."""

    name = models.CharField(max_length=50, unique=True)

    class Meta:
        abstract = True


class ScopedRow(Kept):
    """Under a manager that needs a tenant."""

    objects = Scoped()


class DenyingRow(Kept):
    """Under a manager that refuses."""

    objects = Denying()


class EmptyRow(Kept):
    """Under a manager that returns nothing."""

    objects = Empty()


class BrokenRow(Kept):
    """Under a manager that stumbles."""

    objects = Broken()


class Pointer(models.Model):
    """It points to a row of each of them."""

    scopedrow = models.ForeignKey(ScopedRow, models.CASCADE, null=True, related_name="pointers")
    denyingrow = models.ForeignKey(DenyingRow, models.CASCADE, null=True, related_name="pointers")
    emptyrow = models.ForeignKey(EmptyRow, models.CASCADE, null=True, related_name="pointers")
    brokenrow = models.ForeignKey(BrokenRow, models.CASCADE, null=True, related_name="pointers")


class FewLookups(models.TextField[Any, Any]):
    """It knows two lookups, as fields that store several values in one text do."""

    def get_lookup(self, lookup_name):
        if lookup_name not in ("exact", "contains"):
            raise NotImplementedError("secret")
        return super().get_lookup(lookup_name)


class Encrypted(models.TextField[Any, Any]):
    """It cannot be compared."""


@Encrypted.register_lookup
class EncryptedExact(models.lookups.Exact):
    """It refuses by an exception of Django's."""

    def get_prep_lookup(self):
        raise FieldError("secret")


@Encrypted.register_lookup
class EncryptedContains(models.lookups.Contains):
    """It refuses when it is compiled."""

    def as_sql(self, compiler, connection):
        raise RuntimeError("secret")


class Typed(models.TextField[Any, Any]):
    """It takes text that begins in one way."""

    def get_prep_value(self, value):
        if value is not None and not value.startswith("t:"):
            raise AssertionError("secret")
        return value


class Box(models.Model):
    """It has one of each."""

    few = FewLookups(default="")
    empty = FewLookups(null=True)
    encrypted = Encrypted(default="")
    typed = Typed(default="t:")


class BoxPart(models.Model):
    """It points to one."""

    box = models.ForeignKey(Box, models.CASCADE, null=True, related_name="parts")


class SpanField(models.CharField[Any, Any]):
    """Texts such as ``1-2`` as ranges; what is no text it lets pass, as many fields do."""

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str) or not value:
            return value
        first, _, last = value.partition("-")
        if not (first.isdecimal() and last.isdecimal()):
            raise ValidationError("No span")
        return range(int(first), int(last))

    def from_db_value(self, value: Any, expression: object, connection: object) -> Any:
        return self.to_python(value)

    def get_prep_value(self, value: Any) -> Any:
        return f"{value.start}-{value.stop}" if isinstance(value, range) else value


class Trusting(models.Model):
    """Its ``clean`` takes values to be what its fields make of good ones."""

    span = SpanField(max_length=20, null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)
    number = models.IntegerField(default=0)

    class Meta:
        abstract = True

    def clean(self) -> None:
        if self.span is not None and self.span.start > self.data.get("most", 9):
            raise ValidationError({"span": ValidationError("Too late", code="late")})
        if self.number == 500:
            raise LookupError("a fault of the model")
        if self.data.get("secret"):
            raise PermissionDenied


class Cleaned(Trusting):
    """One with Django's ``full_clean``."""


class FullyCleaned(Trusting):
    """One with its own."""

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        super().full_clean(*args, **kwargs)
