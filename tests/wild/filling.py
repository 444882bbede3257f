"""Models that fill columns by themselves, each in another way, and keys that nothing fills."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.text import slugify


class NumberField(models.CharField[str, str]):
    """It makes a number, and puts it on the row."""

    def pre_save(self, model_instance: Any, add: bool) -> str:
        value = getattr(model_instance, self.attname) or "N-1"
        setattr(model_instance, self.attname, value)
        return str(value)


class SilentField(models.CharField[str, str]):
    """It makes a value that is stored, and not on the row."""

    def pre_save(self, model_instance: Any, add: bool) -> str:
        return str(getattr(model_instance, self.attname) or "silent")


class Filling(models.Model):
    """Its ``save`` fills columns from others, unless it is told not to."""

    name = models.CharField(max_length=50)
    slug = models.SlugField(unique=True)
    owner: models.ForeignKey[Any, Any] = models.ForeignKey(
        "Cleaning", models.CASCADE, related_name="owned"
    )
    rank: models.IntegerField[Any, Any] = models.IntegerField()
    note = models.CharField(max_length=50, blank=True)

    def save(self, *args, **kwargs):
        if self.note != "leave":
            self.slug = self.slug or slugify(self.name)
            self.rank = 1 if self.rank is None else self.rank
            if not self.owner_id:
                self.owner = Cleaning.objects.order_by("pk").first()
        super().save(*args, **kwargs)


class Rebased(models.Model):
    """Its ``save_base`` fills a column."""

    slug = models.SlugField(max_length=5)
    note = models.CharField(max_length=50, blank=True)

    def save_base(self, *args, **kwargs):
        self.slug = self.slug or slugify(self.note)
        super().save_base(*args, **kwargs)


class Cleaning(models.Model):
    """Its ``clean`` fills columns from others."""

    slug = models.SlugField(unique=True)
    rank: models.IntegerField[Any, Any] = models.IntegerField()
    note = models.CharField(max_length=50, blank=True)

    def clean(self):
        if self.note == "stumble":
            self.rank += 1
        if self.note == "refuse":
            raise ValidationError({"note": "No."}, code="refused")
        self.slug = self.slug or slugify(self.note)
        self.rank = len(self.slug) if self.rank is None else self.rank


class Numbered(models.Model):
    """Fields of it fill themselves."""

    number = NumberField(max_length=9)
    silent = SilentField(max_length=9)
    note = models.CharField(max_length=50, blank=True)


class Later(models.Model):
    """It is filled when it is stored already."""

    number = models.CharField(max_length=9)
    note = models.CharField(max_length=50, blank=True)

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        if self.note:
            Later.objects.filter(pk=self.pk).update(number=f"L-{self.note}")


class Stumbling(models.Model):
    """Its ``save`` needs what was sent, in one way or another."""

    name = models.CharField(max_length=50)
    parent = models.ForeignKey(Cleaning, models.CASCADE, related_name="+")
    amount = models.IntegerField()
    how = models.CharField(max_length=50, blank=True)

    def save(self, *args, **kwargs):
        if self.how == "attribute":
            self.parent.save()
        elif self.how == "type":
            self.amount += 1
        elif self.how == "index":
            self.name = self.name[0]
        elif self.how == "lookup":
            Cleaning.objects.get(pk=self.parent_id)
        super().save(*args, **kwargs)


class Country(models.Model):
    """Its key is a text that has to be sent."""

    code = models.CharField(max_length=2, primary_key=True, help_text="As in ISO 3166")
    name = models.CharField(max_length=50, blank=True)


class Province(models.Model):
    """Its key is a text that may be blank, as far as its forms are concerned."""

    code = models.CharField(max_length=2, primary_key=True, blank=True)
    name = models.CharField(max_length=50, blank=True)


class Plot(models.Model):
    """Its key is a number that has to be sent."""

    number = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=50, blank=True)


class Extra(models.Model):
    """Its key is that of another row."""

    plot = models.OneToOneField(Plot, models.CASCADE, primary_key=True, related_name="extra")
    note = models.CharField(max_length=50, blank=True)


class Keyed(models.Model):
    """Its ``save`` makes its key."""

    code = models.CharField(max_length=50, primary_key=True)
    name = models.CharField(max_length=50, blank=True)

    def save(self, *args, **kwargs):
        self.code = self.code or slugify(self.name)
        super().save(*args, **kwargs)


class Linked(models.Model):
    """Its ``save`` chooses the row whose key it has."""

    plot: models.OneToOneField[Any, Any] = models.OneToOneField(
        Plot, models.CASCADE, primary_key=True, related_name="+"
    )
    note = models.CharField(max_length=50, blank=True)

    def save(self, *args, **kwargs):
        self.plot = Plot.objects.order_by("pk").last()
        super().save(*args, **kwargs)


class Counted(models.Model):
    """Columns that may be blank, and that store no null."""

    name = models.CharField(max_length=50, blank=True)
    number = models.IntegerField(blank=True)
    hidden = models.DateField(editable=False)


class Word(models.Model):
    """It has no code, but what a test connects to it."""

    name = models.CharField(max_length=50)
    note = models.CharField(max_length=50, blank=True)


class Reserved(models.Model):
    """A text that there is once, and a column that the database makes of it."""

    code = models.CharField(max_length=50, unique=True)
    low = models.GeneratedField(
        expression=Lower("code"), output_field=models.CharField(max_length=50), db_persist=True
    )
