from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="StoredReply",
            fields=[
                (
                    "id",
                    models.CharField(
                        max_length=64, primary_key=True, serialize=False, editable=False
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64, editable=False)),
                ("reply", models.BinaryField(null=True, editable=False)),
                ("seen", models.DateTimeField(editable=False)),
                ("expires", models.DateTimeField(db_index=True, editable=False)),
            ],
            options={
                "verbose_name": "stored reply",
                "verbose_name_plural": "stored replies",
            },
        ),
    ]
