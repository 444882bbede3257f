"""The log of actions: one row for each run, whatever became of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings as django_settings
from django.db import models
from django.utils import timezone

from django_flex.conf import get_settings

OPEN = ("queued", "running")
STATES = ("queued", "running", "succeeded", "failed", "cancelled")


def new_id() -> UUID:
    """Return a UUID of version 7 (RFC 9562): later ones are greater, so the log stays in order.

    Beside the milliseconds it has their fractions, in 4,096 steps.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    tail = int.from_bytes(os.urandom(8)) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return UUID(int=milliseconds << 80 | 0x7000 << 64 | fraction << 64 | tail)


class ActionEventQuerySet(models.QuerySet["ActionEvent"]):
    """Questions about the log."""

    def running(self) -> ActionEventQuerySet:
        """Return the runs that are waiting or under way."""
        return self.filter(complete=False)

    def failed(self) -> ActionEventQuerySet:
        """Return the runs that failed."""
        return self.filter(state="failed")

    def for_object(self, instance: models.Model) -> ActionEventQuerySet:
        """Return the runs on one row, the latest first."""
        label = instance._meta.label_lower
        return self.filter(resource=label, object_id=str(instance.pk)).order_by("-created_date")

    def stale(self, minutes: int = 15) -> ActionEventQuerySet:
        """Return the runs that nothing has been heard of for so long: their process may be dead."""
        before = timezone.now() - timedelta(minutes=minutes)
        return self.filter(state="running", modified_date__lt=before)


class ActionEvent(models.Model):
    """One run of an action. The columns of dj-actions have their names."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    action_id = models.CharField(max_length=64)
    resource = models.CharField(max_length=150)
    scope = models.CharField(max_length=10, default="instance")
    state = models.CharField(max_length=10, default="succeeded")
    actor = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    actor_repr = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=150, blank=True)
    api_version = models.CharField(max_length=50, null=True, blank=True)  # noqa: DJ001 - None is a version
    object_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 - as dj-actions
    action_context = models.JSONField(default=dict, blank=True)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_type = models.CharField(max_length=150, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    request_data = models.JSONField(null=True, blank=True)
    response_data = models.JSONField(null=True, blank=True)
    response_content = models.TextField(null=True, blank=True)  # noqa: DJ001 - as dj-actions
    complete = models.BooleanField(default=False)
    duration = models.FloatField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=1)
    rows_matched = models.PositiveIntegerField(null=True, blank=True)
    rows_ok = models.PositiveIntegerField(null=True, blank=True)
    rows_failed = models.PositiveIntegerField(null=True, blank=True)
    progress_current = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(null=True, blank=True)
    progress_message = models.CharField(max_length=200, blank=True)
    cancel_requested = models.BooleanField(default=False)
    call = models.TextField(blank=True, editable=False)  # sealed: it may hold secrets
    targets = models.JSONField(null=True, blank=True, editable=False)
    task_backend = models.CharField(max_length=50, blank=True)
    task_result_id = models.CharField(max_length=100, blank=True)
    scheduled_time = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_date = models.DateTimeField(default=timezone.now, editable=False)
    modified_date = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[ActionEvent]] = models.Manager.from_queryset(
        ActionEventQuerySet
    )()

    class Meta:
        verbose_name = "action event"
        verbose_name_plural = "action events"
        ordering = ("-id",)  # of version 7, so the latest first
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["resource", "object_id", "-created_date"], name="flex_event_row"),
            models.Index(fields=["actor", "-created_date"], name="flex_event_actor"),
            models.Index(fields=["complete", "-created_date"], name="flex_event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.resource}.{self.action_id} {self.state}"

    @property
    def action_type(self) -> str:
        """The scope, by the name that dj-actions has for it."""
        return self.scope

    @classmethod
    def archive(
        cls,
        before: datetime | None = None,
        *,
        ttl_minutes: int | None = None,
        batch: int = 1_000,
        keep: Callable[[Sequence[Any]], object] | None = None,
        dry_run: bool = False,
    ) -> int:
        """Take finished events away that are old enough.

        Args:
            before: those that were made before this moment; else those older than the minutes.
            ttl_minutes: the setting ``ACTION_TTL_MINUTES`` by default.
            batch: how many are taken at once.
            keep: called with each batch before it is deleted, to store it elsewhere.
            dry_run: only count them.

        Returns:
            How many events there were.
        """
        if before is None:
            minutes = get_settings().actions.ttl_minutes if ttl_minutes is None else ttl_minutes
            before = timezone.now() - timedelta(minutes=minutes)
        old = cls.objects.filter(complete=True, created_date__lt=before).order_by("pk")
        if dry_run:
            return old.count()
        taken = 0
        while found := list(old[:batch]):
            if keep is not None:
                keep(found)
            taken += len(found)
            cls.objects.filter(pk__in=[event.pk for event in found]).delete()
        return taken


#: The name in the README of dj-actions.
EventAction = ActionEvent
