from __future__ import annotations

from django.db import models


class Todo(models.Model):
    title = models.CharField(max_length=50)
    status = models.CharField(max_length=1, default="O")
    hidden = models.BooleanField(default=False)
