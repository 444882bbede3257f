"""One model for each thing that the schema has to understand."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
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
    """A generic foreign key, which cannot be exposed."""

    text = models.CharField(max_length=50)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    about = GenericForeignKey()


class Page(models.Model):
    title = models.CharField(max_length=50)
    comments = GenericRelation(Comment)
