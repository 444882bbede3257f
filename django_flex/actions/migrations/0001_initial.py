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
                ("action_id", models.CharField(max_length=64)),
                ("resource", models.CharField(max_length=150)),
                ("scope", models.CharField(default="instance", max_length=10)),
                ("state", models.CharField(default="succeeded", max_length=10)),
                ("actor_repr", models.CharField(blank=True, max_length=150)),
                ("role", models.CharField(blank=True, max_length=150)),
                ("api_version", models.CharField(blank=True, max_length=50, null=True)),
                ("object_id", models.CharField(blank=True, max_length=255, null=True)),
                ("action_context", models.JSONField(blank=True, default=dict)),
                ("status_code", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("error_code", models.CharField(blank=True, max_length=60)),
                ("error_type", models.CharField(blank=True, max_length=150)),
                ("error_message", models.CharField(blank=True, max_length=500)),
                ("request_data", models.JSONField(blank=True, null=True)),
                ("response_data", models.JSONField(blank=True, null=True)),
                ("response_content", models.TextField(blank=True, null=True)),
                ("complete", models.BooleanField(default=False)),
                ("duration", models.FloatField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=1)),
                ("rows_matched", models.PositiveIntegerField(blank=True, null=True)),
                ("rows_ok", models.PositiveIntegerField(blank=True, null=True)),
                ("rows_failed", models.PositiveIntegerField(blank=True, null=True)),
                ("progress_current", models.PositiveIntegerField(default=0)),
                ("progress_total", models.PositiveIntegerField(blank=True, null=True)),
                ("progress_message", models.CharField(blank=True, max_length=200)),
                ("cancel_requested", models.BooleanField(default=False)),
                ("call", models.TextField(blank=True, editable=False)),
                ("targets", models.JSONField(blank=True, editable=False, null=True)),
                ("task_backend", models.CharField(blank=True, max_length=50)),
                ("task_result_id", models.CharField(blank=True, max_length=100)),
                ("scheduled_time", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_date",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("modified_date", models.DateTimeField(auto_now=True)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
