"""The replies that are stored in the database."""

from __future__ import annotations

from django.db import models


class StoredReply(models.Model):
    """The reply to one write, under its key.

    ``reply`` is null only inside the transaction that creates the row.
    """

    id = models.CharField(primary_key=True, max_length=64, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    reply = models.BinaryField(null=True, editable=False)
    seen = models.DateTimeField(editable=False)
    expires = models.DateTimeField(db_index=True, editable=False)

    class Meta:
        verbose_name = "stored reply"
        verbose_name_plural = "stored replies"

    def __str__(self) -> str:
        return self.id
