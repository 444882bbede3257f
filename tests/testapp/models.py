"""One model for each thing that the schema has to understand."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models


class Company(models.Model):
    name = models.CharField(max_length=100)
    address = models.CharField(max_length=200, blank=True)
    tax_id = models.CharField(max_length=20, blank=True)


class Customer(models.Model):
    name = models.CharField(max_length=100)
    email = models.EmailField(blank=True)
    vip = models.BooleanField(default=False)
    company = models.ForeignKey(
        Company, models.SET_NULL, null=True, blank=True, related_name="customers"
    )
    metadata = models.JSONField(default=dict, blank=True)
    api_token = models.CharField(max_length=40, blank=True)


class Address(models.Model):
    street = models.CharField(max_length=100)
    city = models.CharField(max_length=100)


class Team(models.Model):
    name = models.CharField(max_length=50)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="teams")


class Tag(models.Model):
    """A text key, and a name that is also an operator's."""

    slug = models.SlugField(primary_key=True)
    date = models.CharField(max_length=20, blank=True)


class Booking(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE)
    address = models.ForeignKey(Address, models.SET_NULL, null=True, blank=True)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="bookings"
    )
    status = models.CharField(max_length=20, default="pending")
    urgent = models.BooleanField(default=False)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    rating = models.FloatField(null=True, blank=True)
    seats = models.IntegerField(null=True, blank=True)
    day = models.DateField(null=True, blank=True)
    starts = models.TimeField(null=True, blank=True)
    lasts = models.DurationField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reference = models.UUIDField(default=uuid.uuid4)
    internal_notes = models.TextField(blank=True)
    stripe_payment_id = models.CharField(max_length=50, blank=True)
    document = models.FileField(blank=True)
    digest = models.BinaryField(null=True)
    tags = models.ManyToManyField(Tag, related_name="bookings")


class Line(models.Model):
    """A reverse foreign key with a ``related_name``."""

    booking = models.ForeignKey(Booking, models.CASCADE, related_name="lines")
    product = models.CharField(max_length=50)
    quantity = models.IntegerField(default=1)
    note = models.CharField(max_length=50, null=True, blank=True)


class Invoice(models.Model):
    """A one-to-one, seen from both sides."""

    booking = models.OneToOneField(Booking, models.CASCADE, related_name="invoice")
    number = models.CharField(max_length=20)


class Node(models.Model):
    """A self-relation and a UUID key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=50)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")


class Place(models.Model):
    name = models.CharField(max_length=50)


class Restaurant(Place):
    """Multi-table inheritance."""

    stars = models.IntegerField(default=0)


class VipCustomer(Customer):
    """A proxy."""

    class Meta:
        proxy = True


class LiveManager(models.Manager["Service"]):
    def get_queryset(self):
        return super().get_queryset().filter(deleted=False)


class Service(models.Model):
    """A default manager that hides rows and is not called ``objects``."""

    name = models.CharField(max_length=50)
    deleted = models.BooleanField(default=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="services")

    live = LiveManager()
    everything = models.Manager()


class Offer(models.Model):
    service = models.ForeignKey(Service, models.CASCADE)
    title = models.CharField(max_length=50)


class Comment(models.Model):
    """A generic foreign key."""

    text = models.CharField(max_length=50)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    about = GenericForeignKey()


class Page(models.Model):
    title = models.CharField(max_length=50)
    comments = GenericRelation(Comment)


class Product(models.Model):
    """Values that a model refuses in every way there is, and columns that fill themselves."""

    sku = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=20)
    size = models.CharField(max_length=1, choices=[("S", "small"), ("L", "large")], default="S")
    shelf = models.IntegerField(null=True, blank=True)
    place = models.IntegerField(null=True, blank=True)
    supplier = models.CharField(max_length=20, blank=True)
    code = models.CharField(max_length=20, null=True, blank=True)
    price = models.DecimalField(max_digits=6, decimal_places=2, default=0)
    tag = models.ForeignKey(Tag, models.SET_NULL, null=True, blank=True, related_name="products")
    added_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        unique_together = [("shelf", "place")]
        constraints = [
            models.UniqueConstraint(fields=["supplier", "code"], name="one_code_each"),
            models.CheckConstraint(
                condition=models.Q(price__gte=0),
                name="price_not_negative",
                violation_error_message="Nothing costs less than nothing.",
                violation_error_code="negative",
            ),
        ]

    def clean(self):
        if self.name == "rotten":
            raise ValidationError({"name": ValidationError("Not fresh.", code="rotten")})
        if self.name and self.name == self.sku:
            raise ValidationError("The name says nothing.", code="vague")


class Receipt(models.Model):
    """A model that is to be saved and deleted by its own methods."""

    number = models.CharField(max_length=20)
    total = models.IntegerField(default=0)
    checksum = models.CharField(max_length=40, blank=True, editable=False)

    def save(self, **options):
        self.checksum = f"{self.number}:{self.total}"
        fields = options.get("update_fields")
        if fields is not None:
            options["update_fields"] = {*fields, "checksum"}
        super().save(**options)

    def delete(self, *args, **options):
        Page.objects.create(title=f"deleted {self.number}")
        return super().delete(*args, **options)


class Partner(models.Model):
    """Another kind of user: its keys are those of the user model, too."""

    name = models.CharField(max_length=50)
    is_authenticated: ClassVar[bool] = True

    def __str__(self) -> str:
        return self.name


class SmallPartner(Partner):
    """The same rows under another name."""

    class Meta:
        proxy = True


class Errand(models.Model):
    """Something that a user or a partner owns."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    partner = models.ForeignKey(Partner, models.CASCADE, null=True)
    title = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.title


from tests.testapp.kinds import Sample  # noqa: E402, F401 - a module of its own, for its fields
