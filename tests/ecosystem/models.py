"""One model for each package, as its documentation shows it."""

from __future__ import annotations

import uuid

from django.db import models
from django_countries.fields import CountryField
from djmoney.models.fields import MoneyField
from encrypted_model_fields.fields import (
    EncryptedBooleanField,
    EncryptedCharField,
    EncryptedDateField,
    EncryptedIntegerField,
)
from model_utils import Choices
from model_utils.fields import MonitorField, SplitField, StatusField
from model_utils.managers import InheritanceManager, QueryManager
from model_utils.models import SoftDeletableModel, TimeStampedModel
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from mptt.models import MPTTModel, TreeForeignKey
from multiselectfield import MultiSelectField
from phonenumber_field.modelfields import PhoneNumberField
from polymorphic.models import PolymorphicModel
from safedelete.config import SOFT_DELETE_CASCADE
from safedelete.models import SafeDeleteModel
from simple_history.models import HistoricalRecords
from sortedm2m.fields import SortedManyToManyField
from timezone_field import TimeZoneField
from treebeard.al_tree import AL_Node
from treebeard.mp_tree import MP_Node
from treebeard.ns_tree import NS_Node

from tests.ecosystem import tagged_models  # noqa: F401 - those of django-taggit


class News(models.Model):
    """django-modeltranslation: see ``translation.py``."""

    title = models.CharField(max_length=50)
    number = models.IntegerField(default=0)


class Post(TimeStampedModel):
    """django-model-utils: fields that fill themselves, and managers."""

    STATUS = Choices("draft", "published")
    status = StatusField()
    published_at = MonitorField(monitor="status", when=["published"], null=True, default=None)
    body = SplitField(blank=True)

    objects = models.Manager()
    published = QueryManager(status="published")


class Note(SoftDeletableModel):
    """django-model-utils: rows that are hidden instead of deleted."""

    text = models.CharField(max_length=50)


class Place(models.Model):
    """django-model-utils: a manager that returns the rows of subclasses."""

    name = models.CharField(max_length=50)

    objects = InheritanceManager()


class Restaurant(Place):
    stars = models.IntegerField(default=0)


class Item(models.Model):
    """django-money."""

    name = models.CharField(max_length=50, blank=True)
    price = MoneyField(max_digits=10, decimal_places=2, default_currency="EUR")
    discount = MoneyField(max_digits=10, decimal_places=2, null=True, blank=True)


class Genre(MPTTModel):
    """django-mptt."""

    name = models.CharField(max_length=50)
    parent = TreeForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")


class PathNode(MP_Node):
    """django-treebeard, by materialized paths."""

    name = models.CharField(max_length=50)


class NestedNode(NS_Node):
    """django-treebeard, by nested sets."""

    name = models.CharField(max_length=50)


class ListNode(AL_Node):
    """django-treebeard, by adjacency lists."""

    name = models.CharField(max_length=50)
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="children_set", db_index=True
    )
    node_order_by = ["name"]


class Project(PolymorphicModel):
    """django-polymorphic."""

    topic = models.CharField(max_length=50)


class ArtProject(Project):
    artist = models.CharField(max_length=50)


class ResearchProject(Project):
    supervisor = models.CharField(max_length=50)


class Task(models.Model):
    """django-guardian: who may see a row is stored for each row."""

    name = models.CharField(max_length=50)

    class Meta:
        permissions = [("see_task", "May see a task")]


class Poll(models.Model):
    """django-simple-history."""

    question = models.CharField(max_length=50)
    votes = models.IntegerField(default=0)

    history = HistoricalRecords()


class Author(SafeDeleteModel):
    """django-safedelete: rows are hidden, and what belongs to them, too."""

    _safedelete_policy = SOFT_DELETE_CASCADE
    name = models.CharField(max_length=50)


class Book(SafeDeleteModel):
    title = models.CharField(max_length=50)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")


class Person(models.Model):
    """django-countries, django-phonenumber-field, django-timezone-field."""

    name = models.CharField(max_length=50)
    country = CountryField(blank=True)
    visited = CountryField(multiple=True, blank=True)
    phone = PhoneNumberField(blank=True)
    zone = TimeZoneField(default="Europe/Berlin")


class Survey(models.Model):
    """django-multiselectfield."""

    colours = MultiSelectField(
        choices=[("red", "Red"), ("green", "Green"), ("blue", "Blue")], max_length=50, blank=True
    )


class Patient(models.Model):
    """django-encrypted-model-fields."""

    name = EncryptedCharField(max_length=50)
    age = EncryptedIntegerField(null=True, blank=True)
    born = EncryptedDateField(null=True, blank=True)
    smokes = EncryptedBooleanField(default=False)


class Document(models.Model):
    """django-storages."""

    name = models.CharField(max_length=50)
    file = models.FileField(upload_to="documents", blank=True)


class Song(models.Model):
    title = models.CharField(max_length=50)


class Mixtape(models.Model):
    """django-sortedm2m: related rows in an order of their own."""

    name = models.CharField(max_length=50, blank=True)
    songs = SortedManyToManyField(Song, blank=True, related_name="mixtapes")


class Topic(models.Model):
    name = models.CharField(max_length=50)


class Conference(ClusterableModel):
    """django-modelcluster: related rows that are stored by the next save of a row."""

    name = models.CharField(max_length=50)
    topics = ParentalManyToManyField(Topic, blank=True, related_name="conferences")


class Speaker(models.Model):
    name = models.CharField(max_length=50)
    conference = ParentalKey(Conference, related_name="speakers")


class Clip(models.Model):
    """Its key is a UUID."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4)


class Playlist(models.Model):
    """django-sortedm2m under a key that is a text: to UUIDs, to the model itself, by a column of its own."""

    slug = models.SlugField(primary_key=True)
    clips = SortedManyToManyField(
        Clip, blank=True, related_name="playlists", sort_value_field_name="rank"
    )
    following = SortedManyToManyField(
        "self", symmetrical=False, blank=True, related_name="followed"
    )


class SharedPlaylist(Playlist):
    """One that inherits them."""

    readers = models.IntegerField(default=0)


class Event(ClusterableModel):
    """django-modelcluster under a key that is a text, to UUIDs."""

    slug = models.SlugField(primary_key=True)
    clips = ParentalManyToManyField(Clip, blank=True, related_name="events")


class Gathering(Event):
    """One that inherits them, and has more of its own."""

    guests = models.IntegerField(default=0)
    events = ParentalManyToManyField(Event, blank=True, related_name="gatherings")
    lists = ParentalManyToManyField(Playlist, blank=True, related_name="gatherings")
