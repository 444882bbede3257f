"""Logins and static tokens. Neither table has a token in it, or anything that makes one."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings as django_settings
from django.db import models, router
from django.utils import timezone


class Login(models.Model):
    """One login of a user: the family of its refresh tokens.

    ``generation`` is the number of the refresh token that is valid now, which ``rotated_at`` was
    given out. ``expires_at`` moves with each refresh, up to ``ends_at``. ``password_state`` is a
    hash that changes with the password of the user.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", editable=False
    )
    password_state = models.CharField(max_length=32, editable=False)
    generation = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    rotated_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True, editable=False)
    ends_at = models.DateTimeField(editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_for = models.CharField(max_length=20, blank=True, editable=False)

    class Meta:
        verbose_name = "login"
        verbose_name_plural = "logins"
        ordering = ("-created_at", "pk")

    def __str__(self) -> str:
        return f"{self.user_id}, {self.created_at:%Y-%m-%d %H:%M}"


class StaticToken(models.Model):
    """A token for a machine, of which only the hash is stored, and the last characters to know it.

    It outlives a change of the password, unlike a login, and not the user's deactivation.
    """

    name = models.CharField(max_length=100)
    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", editable=False
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    ending = models.CharField(max_length=4, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "static token"
        verbose_name_plural = "static tokens"
        ordering = ("-created_at", "pk")

    def __str__(self) -> str:
        return f"{self.name} (…{self.ending})"

    @property
    def state(self) -> str:
        """``valid``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        ended = self.expires_at is not None and self.expires_at <= timezone.now()
        return "expired" if ended else "valid"


def database() -> str:
    """Return the alias of the database of both tables; that of the users, by their foreign keys.

    It is the one for writes for reads, too: a replica may not know yet what has been revoked.
    """
    return router.db_for_write(Login)
