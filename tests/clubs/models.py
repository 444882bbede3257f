"""Many-to-many relations through models of their own, and each way in which rows depend on others."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Person(models.Model):
    name = models.CharField(max_length=50)
    friends = models.ManyToManyField("self", through="Friendship", blank=True)


class Friendship(models.Model):
    """Links of a symmetrical relation."""

    from_person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    to_person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    secret = models.BooleanField(default=False)


class Club(models.Model):
    name = models.CharField(max_length=50)
    members = models.ManyToManyField(
        Person, through="Membership", through_fields=("club", "person"), related_name="clubs"
    )
    fans = models.ManyToManyField(Person, related_name="fan_of", blank=True)


class Guild(Club):
    """A club of several tables."""

    motto = models.CharField(max_length=50, blank=True)


class Membership(models.Model):
    """A link with several keys to one model; two people may be linked to one club twice."""

    club = models.ForeignKey(Club, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE)
    sponsor = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="sponsored")
    secret = models.BooleanField(default=False)


class Label(models.Model):
    name = models.CharField(max_length=50)


class Board(models.Model):
    title = models.CharField(max_length=50)
    labels = models.ManyToManyField(Label, related_name="boards", blank=True)
    notes = GenericRelation("Note")


class Roadmap(Board):
    """A board of several tables."""

    year = models.IntegerField(default=2025)


class Task(models.Model):
    board = models.ForeignKey(Board, models.CASCADE, related_name="tasks")
    title = models.CharField(max_length=50)
    secret = models.BooleanField(default=False)


class Remark(models.Model):
    task = models.ForeignKey(Task, models.CASCADE, related_name="remarks")
    text = models.CharField(max_length=50, blank=True)


class Chart(models.Model):
    board = models.ForeignKey(Board, models.SET_NULL, null=True, related_name="charts")
    label = models.ForeignKey(Label, models.SET_DEFAULT, default=None, null=True)
    secret = models.BooleanField(default=False)


class Seal(models.Model):
    label = models.ForeignKey(Label, models.PROTECT)


class Note(models.Model):
    text = models.CharField(max_length=50, blank=True)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.BigIntegerField()
    about = GenericForeignKey()


class GuestManager(models.Manager["Guest"]):
    def get_queryset(self) -> models.QuerySet[Guest]:
        return super().get_queryset().exclude(name="Nobody")


class Guest(Person):
    """A person under another name."""

    objects: ClassVar[GuestManager] = GuestManager()

    class Meta:
        proxy = True


class DinnerGuest(Guest):
    class Meta:
        proxy = True


class Dinner(models.Model):
    """Relations to proxies."""

    host = models.ForeignKey(DinnerGuest, models.SET_NULL, null=True, related_name="hosted")
    guests = models.ManyToManyField(Guest, related_name="dinners", blank=True)


class PlainLabel(Label):
    class Meta:
        proxy = True


class Jar(models.Model):
    label = models.ForeignKey(PlainLabel, models.CASCADE)
