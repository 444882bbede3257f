"""Models whose rows Django validates in more ways than field by field."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import check_password, make_password
from django.db import models


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
