from __future__ import annotations

import django.contrib.postgres.fields.hstore
import django.db.models.deletion
from django.contrib.postgres.operations import HStoreExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("postgresql", "0002_baskets"),
    ]

    operations = [
        HStoreExtension(),
        migrations.CreateModel(
            name="Parcel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(default="", max_length=20)),
                (
                    "attributes",
                    django.contrib.postgres.fields.hstore.HStoreField(blank=True, default=dict),
                ),
                (
                    "extra",
                    django.contrib.postgres.fields.hstore.HStoreField(blank=True, null=True),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="children",
                        to="postgresql.parcel",
                    ),
                ),
            ],
        ),
    ]
