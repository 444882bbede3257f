"""Models that override what Django calls, with fewer parameters, or with more side effects."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now


class Plainly(models.Model):
    """Its methods of validation take no argument."""

    name = models.CharField(max_length=20, unique=True)
    rank = models.IntegerField(default=0)

    class Meta:
        abstract = True


class FullCleaner(Plainly):
    """One with ``full_clean``."""

    def full_clean(self) -> None:  # type: ignore[override]
        super().full_clean()


class UniqueValidator(Plainly):
    """One with ``validate_unique``."""

    def validate_unique(self) -> None:  # type: ignore[override]
        super().validate_unique()


class ConstraintValidator(Plainly):
    """One with ``validate_constraints``."""

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(rank__gte=0), name="rank_is_positive"),)

    def validate_constraints(self) -> None:  # type: ignore[override]
        super().validate_constraints()


class FieldCleaner(Plainly):
    """One with ``clean_fields``, whose argument has to be given."""

    def clean_fields(self, exclude: Any) -> None:  # type: ignore[override]
        super().clean_fields(exclude)


class Frozen(models.Model):
    """One of its columns does not change any more, whoever sets it."""

    name = models.CharField(max_length=20)
    number = models.IntegerField(default=0)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "number" and self.pk and value != self.__dict__.get("number", value):
            raise AttributeError("secret")
        super().__setattr__(name, value)


class Logged(models.Model):
    """Its ``save`` changes what is inside a column."""

    name = models.CharField(max_length=20)
    data = models.JSONField(default=dict, blank=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.data.setdefault("names", []).append(self.name)
        super().save(*args, **kwargs)


class Tallied(models.Model):
    """Its ``save`` leaves the values of columns to the database."""

    name = models.CharField(max_length=20)
    saved = models.IntegerField(default=0)
    at = models.DateTimeField(null=True, blank=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            self.saved = F("saved") + 1
        self.at = Now()
        super().save(*args, **kwargs)


class Adding(models.Model):
    """Its ``save`` knows of ``update_fields``, and adds its own."""

    name = models.CharField(max_length=20)
    slug = models.CharField(max_length=20, blank=True)

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        self.slug = self.name.lower()
        fields = None if update_fields is None else {"slug", *update_fields}
        super().save(*args, update_fields=fields, **kwargs)


class Watched(models.Model):
    """It remembers what was loaded, and compares when it is saved."""

    name = models.CharField(max_length=20)
    changes = models.IntegerField(default=0)
    loaded: str | None = None

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Any:
        instance = super().from_db(*args, **kwargs)
        instance.loaded = instance.name
        return instance

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.changes += self.loaded not in {None, self.name}
        super().save(*args, **kwargs)


class Original(models.Model):
    """The table of the parent has the column that a child fills."""

    title = models.CharField(max_length=20)
    slug = models.CharField(max_length=20, blank=True)


class Edition(Original):
    """Its ``save`` fills a column of its parent from both tables."""

    number = models.IntegerField(default=0)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.slug = f"{self.title}-{self.number}"
        super().save(*args, **kwargs)


class Spot(models.Model):
    """What is unique together, in each of the ways in which a model can say so."""

    row = models.IntegerField(null=True, blank=True)
    seat = models.IntegerField(null=True, blank=True)
    floor = models.IntegerField(default=0)
    label = models.CharField(max_length=20, blank=True)
    code = models.CharField(max_length=20, blank=True)

    class Meta:
        unique_together = (("seat", "floor"),)
        constraints = (
            models.UniqueConstraint(
                fields=["row", "seat"], name="one_place", violation_error_message="Taken."
            ),
            models.UniqueConstraint(Lower("label"), "seat", name="one_labelled"),
            models.UniqueConstraint(
                fields=["code"], condition=~Q(code=""), name="one_code_of_a_place"
            ),
        )
