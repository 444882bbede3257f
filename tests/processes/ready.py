"""Importing this sets a process up for Django, and with it all the processes that are forked from it."""

from __future__ import annotations

import django

django.setup()
