"""A module that Django refuses to import, as it does models of an app that is not installed."""

from __future__ import annotations

from django.db import models


class Homeless(models.Model):
    pass
