"""One model for each habit that a project's code may have when it saves and deletes rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.text import slugify

from tests.wild import (  # noqa: F401
    attached,
    converting,
    described,
    filling,
    goods,
    managed,
    overriding,
    raising,
    recoding,
    refusing,
    saving,
    unhashed,
    validated,
    worded,
)


class LowerField(models.CharField[str, str]):
    """A field that fills itself from another column, as ``AutoSlugField`` or ``MonitorField`` do."""

    def pre_save(self, model_instance: Any, add: bool) -> str:
        value = str(model_instance.name).lower()
        setattr(model_instance, self.attname, value)
        return value


class Article(models.Model):
    """Its ``save`` knows nothing of ``update_fields``, as most do not."""

    name = models.CharField(max_length=50)
    slug = models.CharField(max_length=50, editable=False)
    note = models.CharField(max_length=50, blank=True)

    def save(self, *args, **kwargs):
        self.slug = slugify(self.name)
        super().save(*args, **kwargs)


class Stamp(models.Model):
    """A column of it fills itself."""

    name = models.CharField(max_length=50)
    low = LowerField(max_length=50, editable=False)


class Heard(models.Model):
    """Receivers of ``pre_save`` change it."""

    name = models.CharField(max_length=50)
    slug = models.CharField(max_length=50, blank=True)


class Base(models.Model):
    """Its ``save_base`` sets a column."""

    name = models.CharField(max_length=50)
    slug = models.CharField(max_length=50, blank=True)

    def save_base(self, *args, **kwargs):
        self.slug = slugify(self.name)
        super().save_base(*args, **kwargs)


class Plain(models.Model):
    """Its ``save`` and ``delete`` take no arguments; its key is text that the client sends."""

    code = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=50, blank=True)

    def save(self):  # type: ignore[override]
        self.name = self.name.strip().title()
        super().save()

    def delete(self):  # type: ignore[override]
        super().delete()


class Part(models.Model):
    """A row inside another, with a ``save`` of its own."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="parts")
    name = models.CharField(max_length=50)
    slug = models.CharField(max_length=50, blank=True)

    def save(self):  # type: ignore[override]
        self.slug = slugify(self.name)
        super().save()

    def delete(self):  # type: ignore[override]
        super().delete()


class Singleton(models.Model):
    """There is one row of it, which each ``save`` writes."""

    name = models.CharField(max_length=50)

    def save(self, *args, **kwargs):
        self.pk = 1
        super().save(*args, **kwargs)


class Twice(models.Model):
    """It saves twice, since its number is made from its key."""

    name = models.CharField(max_length=50)
    number = models.CharField(max_length=50, blank=True)

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        if not self.number:
            self.number = f"N-{self.pk}"
            super().save(*args, **kwargs)


class Generated(models.Model):
    """The database works out a column, which no UPDATE may name."""

    name = models.CharField(max_length=50)
    low = models.GeneratedField(
        expression=Lower("name"), output_field=models.CharField(max_length=50), db_persist=True
    )
    slug = models.CharField(max_length=50, blank=True)

    def save(self, *args, **kwargs):
        self.slug = slugify(self.name)
        super().save(*args, **kwargs)


class NetworkField(models.CharField[Any, Any]):
    """A field that refuses what is no network."""

    def to_python(self, value: Any) -> Any:
        if not str(value).startswith("10."):
            raise ValidationError("Not a network")
        return value


class Strict(models.Model):
    """It has columns that may be blank, but not null, and code that refuses or stumbles."""

    name = models.CharField(max_length=50, blank=True)
    number = models.IntegerField(blank=True, default=0)
    data = models.JSONField(blank=True, default=dict)
    day = models.DateField(blank=True, default=date(2020, 1, 1))
    network = NetworkField(max_length=50, default="10.0.0.0")
    price = models.DecimalField(max_digits=5, decimal_places=2, blank=True, default=1)
    gap = models.DurationField(blank=True, default=timedelta(days=1))
    serial = models.UUIDField(blank=True, default=uuid4)
    flag = models.BooleanField(blank=True, default=False)
    address = models.GenericIPAddressField(blank=True, default="10.0.0.1")
    rank = models.IntegerField(blank=True, default=1, choices=[(1, "first")])
    colours = converting.ListField(max_length=50, blank=True, default=list)

    def clean(self):
        if not self.network.startswith("10."):
            raise RuntimeError("clean() meets a value that its field has refused")

    def save(self, *args, **kwargs):
        if self.name == "refused":
            raise ValueError("secret of the model")
        if self.name == "broken":
            raise KeyError("a fault")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise ValueError("secret of the model")


class SwappingQuerySet(models.QuerySet[Any, Any]):
    """It returns its values in another order, as those of django-modeltranslation may."""

    def values_list(self, *fields, **options):
        return super().values_list(*reversed(fields), **options)

    def values(self, *fields, **options):
        return super().values(*reversed(fields), **options)

    def order_by(self, *fields):
        return super().order_by(*reversed(fields))

    def count(self):
        return 99


class Shown(models.Manager.from_queryset(SwappingQuerySet)):  # type: ignore[misc]
    """It hides rows, on purpose."""

    def get_queryset(self):
        return super().get_queryset().exclude(name="hidden")


class News(models.Model):
    """Its querysets are of a class of their own."""

    name = models.CharField(max_length=50)
    number = models.IntegerField(default=0)

    objects = Shown()


class WithLines(models.Manager[Any]):
    """It joins to many rows."""

    def get_queryset(self):
        return super().get_queryset().filter(lines__amount__gte=1)


class Order(models.Model):
    """Its manager has it once for each of its lines."""

    name = models.CharField(max_length=50)
    news = models.ForeignKey(News, models.CASCADE, null=True, related_name="orders")

    objects = WithLines()


class OrderLine(models.Model):
    """A line of an order."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    amount = models.IntegerField(default=1)


class Dossier(models.Model):
    """It has a file, an image and JSON, and rows with files inside."""

    code = models.CharField(max_length=20, unique=True)
    number = models.IntegerField(null=True, blank=True)
    active = models.BooleanField(default=True)
    data = models.JSONField(blank=True, default=dict)
    document = models.FileField(
        upload_to="dossiers",
        max_length=60,
        blank=True,
        validators=[FileExtensionValidator(["pdf", "txt", "html"])],
    )
    photo = models.ImageField(
        upload_to="photos", null=True, blank=True, width_field="width", height_field="height"
    )
    width = models.IntegerField(null=True, blank=True)
    height = models.IntegerField(null=True, blank=True)
    news = models.ManyToManyField(News)


class Scan(models.Model):
    """A row inside, which needs its file."""

    dossier = models.ForeignKey(Dossier, models.CASCADE, related_name="scans")
    file = models.FileField(upload_to="scans")
    label = models.CharField(max_length=20, blank=True)


class Change(models.Model):
    """A row of a history: ``id`` is that of the row whose history it is, and not unique."""

    history_id = models.AutoField(primary_key=True)
    id = models.IntegerField(db_index=True, null=True)
    name = models.CharField(max_length=50)
    previous = models.ForeignKey("self", models.SET_NULL, null=True, related_name="following")


class Footnote(models.Model):
    """Its key is text, and its ``id`` another text."""

    code = models.CharField(max_length=20, primary_key=True)
    id = models.CharField(max_length=20, blank=True)
    change = models.ForeignKey(Change, models.CASCADE, related_name="footnotes")
    labels = models.ManyToManyField("self", symmetrical=False, related_name="labelled")
