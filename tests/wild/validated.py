"""Models whose rows Django validates in more ways than field by field."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import check_password, make_password
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Member(AbstractBaseUser):
    """A user as projects define their own."""

    username = models.CharField(max_length=50, unique=True)
    email = models.EmailField(blank=True)

    USERNAME_FIELD = "username"


class Door(models.Model):
    """It has a password, and nothing else of a user of Django's."""

    username = models.CharField(max_length=50)
    email = models.CharField(max_length=50, blank=True)
    password = models.CharField(max_length=128)

    def set_password(self, raw: str) -> None:
        self.password = make_password(raw)

    def check_password(self, raw: str) -> bool:
        return check_password(raw, self.password)


class Room(models.Model):
    """What notices and seats are about."""

    name = models.CharField(max_length=50)


class Notice(models.Model):
    """Values occur once in a day, a month or a year."""

    day = models.DateField()
    at = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    title = models.CharField(max_length=50, unique_for_date="day", blank=True)
    moment = models.CharField(max_length=50, unique_for_date="at", default="", blank=True)
    slot = models.IntegerField(unique_for_month="day", null=True, blank=True)
    room = models.ForeignKey(
        Room,
        models.CASCADE,
        unique_for_year="since",
        related_name="notices",
        help_text="Where it hangs",
    )
    text = models.CharField(max_length=50, blank=True, help_text=_("Date (without time)"))


class Poster(Notice):
    """It inherits the columns, and has one of its own."""

    color = models.CharField(
        max_length=50, unique_for_year="printed", blank=True, help_text="<b>One</b> color"
    )
    printed = models.DateField(null=True, blank=True)


class Seat(models.Model):
    """Constraints, of which each database has others."""

    row = models.IntegerField()
    number = models.IntegerField(null=True, blank=True)
    taken = models.BooleanField(default=False)
    label = models.CharField(max_length=50, blank=True)
    rank = models.IntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["row"], condition=models.Q(taken=True), name="one_taken_seat"
            ),
            models.UniqueConstraint(
                fields=["number"], nulls_distinct=False, name="one_without_number"
            ),
            models.UniqueConstraint(Lower("label"), name="one_label"),
            models.UniqueConstraint(
                fields=["rank"], deferrable=models.Deferrable.DEFERRED, name="one_rank"
            ),
        )
