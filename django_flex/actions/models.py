"""The log of actions: one row for each run, whatever its outcome."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings as django_settings
from django.db import models, router, transaction
from django.utils import timezone

from django_flex.conf import get_settings
from django_flex.plan.json_values import text_of
from django_flex.schema.conversions.keys import shown_key

OPEN = ("queued", "running")
STATES = ("queued", "running", "succeeded", "failed", "cancelled")


def new_id() -> UUID:
    """Return a UUID of version 7 (RFC 9562), which keeps the log in order.

    In addition to milliseconds it contains fractions of them, in 4,096 steps.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    tail = int.from_bytes(os.urandom(8)) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return UUID(int=milliseconds << 80 | 0x7000 << 64 | fraction << 64 | tail)


class ActionEventQuerySet(models.QuerySet["ActionEvent"]):
    """Queries on the log."""

    def running(self) -> ActionEventQuerySet:
        """Return the runs that are queued or running."""
        return self.filter(complete=False)

    def failed(self) -> ActionEventQuerySet:
        """Return the runs that failed."""
        return self.filter(state="failed")

    def for_object(self, instance: models.Model) -> ActionEventQuerySet:
        """Return the runs on one row, the latest first."""
        label = instance._meta.label_lower
        return self.filter(resource=label, object_id=text_of(shown_key(instance.pk))).order_by(
            "-created_date"
        )

    def stale(self, minutes: int = 15) -> ActionEventQuerySet:
        """Return running events without an update for some minutes: their process may be dead."""
        before = timezone.now() - timedelta(minutes=minutes)
        return self.filter(state="running", modified_date__lt=before)


class ActionEvent(models.Model):
    """One run of an action. Columns that dj-actions has, too, have the same names."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    action_id = models.CharField(max_length=64, editable=False)
    resource = models.CharField(max_length=150, editable=False)
    scope = models.CharField(max_length=10, default="instance", editable=False)
    state = models.CharField(max_length=10, default="succeeded", editable=False)
    actor = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        editable=False,
    )
    actor_repr = models.CharField(max_length=150, blank=True, editable=False)
    role = models.CharField(max_length=150, blank=True, editable=False)
    api_version = models.CharField(max_length=50, null=True, blank=True, editable=False)  # noqa: DJ001 - None is a version
    object_id = models.CharField(max_length=255, null=True, blank=True, editable=False)  # noqa: DJ001 - as dj-actions
    action_context = models.JSONField(default=dict, blank=True, editable=False)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    error_code = models.CharField(max_length=60, blank=True, editable=False)
    error_type = models.CharField(max_length=150, blank=True, editable=False)
    error_message = models.CharField(max_length=500, blank=True, editable=False)
    request_data = models.JSONField(null=True, blank=True, editable=False)
    response_data = models.JSONField(null=True, blank=True, editable=False)
    response_content = models.TextField(null=True, blank=True, editable=False)  # noqa: DJ001 - as dj-actions
    complete = models.BooleanField(default=False, editable=False)
    duration = models.FloatField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=1, editable=False)
    rows_matched = models.PositiveIntegerField(null=True, blank=True, editable=False)
    rows_ok = models.PositiveIntegerField(null=True, blank=True, editable=False)
    rows_failed = models.PositiveIntegerField(null=True, blank=True, editable=False)
    progress_current = models.PositiveIntegerField(default=0, editable=False)
    progress_total = models.PositiveIntegerField(null=True, blank=True, editable=False)
    progress_message = models.CharField(max_length=200, blank=True, editable=False)
    cancel_requested = models.BooleanField(default=False, editable=False)
    call = models.TextField(blank=True, editable=False)  # sealed: it may hold secrets
    targets = models.JSONField(null=True, blank=True, editable=False)
    task_backend = models.CharField(max_length=50, blank=True, editable=False)
    task_result_id = models.CharField(max_length=100, blank=True, editable=False)
    scheduled_time = models.DateTimeField(null=True, blank=True, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_date = models.DateTimeField(default=timezone.now, editable=False)
    modified_date = models.DateTimeField(auto_now=True, editable=False)

    objects: ClassVar[models.Manager[ActionEvent]] = models.Manager.from_queryset(
        ActionEventQuerySet
    )()

    class Meta:
        verbose_name = "action event"
        verbose_name_plural = "action events"
        ordering = ("-id",)  # of version 7, so this is by time, latest first
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["resource", "object_id", "-created_date"], name="flex_event_row"),
            models.Index(fields=["actor", "-created_date"], name="flex_event_actor"),
            models.Index(fields=["complete", "-created_date"], name="flex_event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.resource}.{self.action_id} {self.state}"

    @property
    def action_type(self) -> str:
        """The scope, with its name in dj-actions."""
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
        """Delete finished events that are old enough.

        Args:
            before: delete events created before this datetime, else events older than
                ``ttl_minutes``.
            ttl_minutes: the setting ``ACTION_TTL_MINUTES`` by default.
            batch: how many are deleted at once.
            keep: called with each batch before it is deleted, to store it elsewhere.
            dry_run: only count them.

        Returns:
            How many events there were.

        Raises:
            ValueError: the minutes are negative, or too many.
        """
        if before is None:
            minutes = get_settings().actions.ttl_minutes if ttl_minutes is None else ttl_minutes
            before = _ago(minutes)
        old = cls.objects.filter(complete=True, created_date__lt=before).order_by("pk")
        if dry_run:
            return old.count()
        taken = 0
        using = router.db_for_write(cls)
        while True:
            # Locked, so that none is queued again between ``keep`` and the deletion.
            with transaction.atomic(using=using):
                found = list(old.using(using).select_for_update()[:batch])
                if not found:
                    return taken
                if keep is not None:
                    keep(found)
                keys = [event.pk for event in found]
                cls.objects.using(using).filter(pk__in=keys, complete=True).delete()
            taken += len(found)


def _ago(minutes: float) -> datetime:
    """Return the datetime a number of minutes ago.

    Raises:
        ValueError: they are negative, which would be in the future, or the datetime is out of
            range.
    """
    if not minutes >= 0:  # NaN, too
        raise ValueError(f"{minutes} minutes are not an age: use 0 or more")
    try:
        return timezone.now() - timedelta(minutes=minutes)
    except OverflowError:
        raise ValueError(f"{minutes} minutes are too many") from None
