from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import django_flex.actions.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ActionEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=django_flex.actions.models.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("action_id", models.CharField(max_length=64, editable=False)),
                ("resource", models.CharField(max_length=150, editable=False)),
                ("scope", models.CharField(default="instance", max_length=10, editable=False)),
                ("state", models.CharField(default="succeeded", max_length=10, editable=False)),
                ("actor_repr", models.CharField(blank=True, max_length=150, editable=False)),
                ("role", models.CharField(blank=True, max_length=150, editable=False)),
                (
                    "api_version",
                    models.CharField(blank=True, max_length=50, null=True, editable=False),
                ),
                (
                    "object_id",
                    models.CharField(blank=True, max_length=255, null=True, editable=False),
                ),
                ("action_context", models.JSONField(blank=True, default=dict, editable=False)),
                (
                    "status_code",
                    models.PositiveSmallIntegerField(blank=True, null=True, editable=False),
                ),
                ("error_code", models.CharField(blank=True, max_length=60, editable=False)),
                ("error_type", models.CharField(blank=True, max_length=150, editable=False)),
                ("error_message", models.CharField(blank=True, max_length=500, editable=False)),
                ("request_data", models.JSONField(blank=True, null=True, editable=False)),
                ("response_data", models.JSONField(blank=True, null=True, editable=False)),
                ("response_content", models.TextField(blank=True, null=True, editable=False)),
                ("complete", models.BooleanField(default=False, editable=False)),
                ("duration", models.FloatField(blank=True, null=True, editable=False)),
                ("attempts", models.PositiveSmallIntegerField(default=1, editable=False)),
                (
                    "rows_matched",
                    models.PositiveIntegerField(blank=True, null=True, editable=False),
                ),
                ("rows_ok", models.PositiveIntegerField(blank=True, null=True, editable=False)),
                ("rows_failed", models.PositiveIntegerField(blank=True, null=True, editable=False)),
                ("progress_current", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "progress_total",
                    models.PositiveIntegerField(blank=True, null=True, editable=False),
                ),
                ("progress_message", models.CharField(blank=True, max_length=200, editable=False)),
                ("cancel_requested", models.BooleanField(default=False, editable=False)),
                ("call", models.TextField(blank=True, editable=False)),
                ("targets", models.JSONField(blank=True, editable=False, null=True)),
                ("task_backend", models.CharField(blank=True, max_length=50, editable=False)),
                ("task_result_id", models.CharField(blank=True, max_length=100, editable=False)),
                ("scheduled_time", models.DateTimeField(blank=True, null=True, editable=False)),
                ("started_at", models.DateTimeField(blank=True, null=True, editable=False)),
                ("finished_at", models.DateTimeField(blank=True, null=True, editable=False)),
                (
                    "created_date",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("modified_date", models.DateTimeField(auto_now=True, editable=False)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        editable=False,
                    ),
                ),
            ],
            options={
                "verbose_name": "action event",
                "verbose_name_plural": "action events",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(
                        fields=["resource", "object_id", "-created_date"], name="flex_event_row"
                    ),
                    models.Index(fields=["actor", "-created_date"], name="flex_event_actor"),
                    models.Index(fields=["complete", "-created_date"], name="flex_event_age"),
                ],
            },
        ),
    ]
