from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0003_booklets"),
    ]

    operations = [
        migrations.AlterField(
            model_name="booklet",
            name="album",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="booklets",
                to="shop.album",
            ),
        ),
    ]
