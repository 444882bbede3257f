from __future__ import annotations

import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Span",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(default="", max_length=20)),
                ("whole", models.IntegerField(default=0)),
                (
                    "numbers",
                    django.contrib.postgres.fields.ranges.IntegerRangeField(blank=True, null=True),
                ),
                (
                    "large",
                    django.contrib.postgres.fields.ranges.BigIntegerRangeField(
                        blank=True, null=True
                    ),
                ),
                (
                    "sums",
                    django.contrib.postgres.fields.ranges.DecimalRangeField(blank=True, null=True),
                ),
                (
                    "closed",
                    django.contrib.postgres.fields.ranges.DecimalRangeField(
                        blank=True, default_bounds="[]", null=True
                    ),
                ),
                (
                    "days",
                    django.contrib.postgres.fields.ranges.DateRangeField(blank=True, null=True),
                ),
                (
                    "moments",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(blank=True, null=True),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="children",
                        to="postgresql.span",
                    ),
                ),
            ],
        ),
    ]
