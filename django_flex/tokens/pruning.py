"""Deletes logins and static tokens that have been of no use for some time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from django_flex.tokens.models import Login, StaticToken, database


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many rows were deleted."""

    logins: int
    static_tokens: int


def prune(*, days: int = 30) -> Pruned:
    """Delete what expired or was revoked at least so many days ago; it stays invalid."""
    before = timezone.now() - timedelta(days=days)
    over = Q(expires_at__lte=before) | Q(revoked_at__lte=before)
    using = database()
    logins, _ = Login.objects.using(using).filter(over).delete()
    tokens, _ = StaticToken.objects.using(using).filter(over).delete()
    return Pruned(logins=logins, static_tokens=tokens)
