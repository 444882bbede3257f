"""Importing this makes a process ready to make requests; all its children are, then."""

from __future__ import annotations

import django

django.setup()
