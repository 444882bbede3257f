"""The music shop: a catalogue, the people, and what was sold."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import FileExtensionValidator
from django.db import models


class Artist(models.Model):
    """A band, a singer, an orchestra."""

    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class Album(models.Model):
    """A record of one artist."""

    title = models.CharField(max_length=200)
    artist = models.ForeignKey(Artist, on_delete=models.CASCADE, related_name="albums")

    def __str__(self) -> str:
        return self.title


class Booklet(models.Model):
    """What came printed with an album, as a PDF; a scan may be there before it is filed."""

    album = models.ForeignKey(
        Album, on_delete=models.CASCADE, null=True, blank=True, related_name="booklets"
    )
    title = models.CharField(max_length=100)
    document = models.FileField(upload_to="booklets", validators=[FileExtensionValidator(["pdf"])])

    def __str__(self) -> str:
        return self.title


class Genre(models.Model):
    """A kind of music."""

    name = models.CharField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name


class MediaType(models.Model):
    """The file format in which a track is sold."""

    name = models.CharField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name


class Track(models.Model):
    """One piece of music or video, the thing that the shop sells."""

    name = models.CharField(max_length=200)
    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="tracks")
    genre = models.ForeignKey(Genre, on_delete=models.PROTECT, related_name="tracks")
    media_type = models.ForeignKey(MediaType, on_delete=models.PROTECT, related_name="tracks")
    composers = models.JSONField(default=list, blank=True, help_text="A list of names.")
    milliseconds = models.PositiveIntegerField(help_text="How long it plays.")
    bytes = models.PositiveBigIntegerField(help_text="The size of the file.")
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)

    def __str__(self) -> str:
        return self.name


class TrackStatistics(models.Model):
    """How often a track was sold; the action ``rebuild_statistics`` recounts it."""

    track = models.OneToOneField(Track, on_delete=models.CASCADE, related_name="+")
    sold = models.PositiveIntegerField()
    revenue = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        verbose_name_plural = "track statistics"

    def __str__(self) -> str:
        return f"{self.track}: {self.sold}"


class Playlist(models.Model):
    """A selection of tracks."""

    name = models.CharField(max_length=100)
    tracks = models.ManyToManyField(Track, related_name="playlists", blank=True)
    archived_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was hidden from visitors."
    )

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """What employees and customers have in common."""

    first_name = models.CharField(max_length=50)
    last_name = models.CharField(max_length=50)
    email = models.EmailField()
    phone = models.CharField(max_length=30, blank=True)
    fax = models.CharField(max_length=30, blank=True)
    address = models.CharField(max_length=100)
    city = models.CharField(max_length=50)
    state = models.CharField(max_length=50, blank=True)
    country = models.CharField(max_length=50)
    postal_code = models.CharField(max_length=20, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        help_text="The login of this person, if any.",
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"


class Employee(Person):
    """Someone who works for the shop."""

    title = models.CharField(max_length=100)
    reports_to = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="reports"
    )
    born_on = models.DateField()
    hired_on = models.DateField()


class Customer(Person):
    """Someone who buys; one employee, the support agent, looks after each customer."""

    company = models.CharField(max_length=100, blank=True)
    support_rep = models.ForeignKey(
        Employee, on_delete=models.SET_NULL, null=True, blank=True, related_name="customers"
    )


class Invoice(models.Model):
    """A purchase; the total is the sum of its lines."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    invoiced_at = models.DateTimeField(db_index=True)
    billing_address = models.CharField(max_length=100)
    billing_city = models.CharField(max_length=50)
    billing_state = models.CharField(max_length=50, blank=True)
    billing_country = models.CharField(max_length=50)
    billing_postal_code = models.CharField(max_length=20, blank=True)
    total = models.DecimalField(max_digits=10, decimal_places=2)

    def __str__(self) -> str:
        return f"Invoice {self.pk}"


class InvoiceLine(models.Model):
    """One track on an invoice, at the price of that day."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="invoice_lines")
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)
    quantity = models.PositiveSmallIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.quantity} x {self.track}"


class Refund(models.Model):
    """What was paid back of an invoice; the action ``refund`` makes it."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="refund")
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    reason = models.CharField(max_length=200)
    refunded_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Refund of {self.invoice}"
