"""The hypothesis profile of the suite: the same examples on every run, without a clock."""

from __future__ import annotations

import os

from django.db import connection
from hypothesis import HealthCheck, settings


def some(examples: int) -> int:
    """Return how many examples are tried: ``FLEX_SHARE`` percent; by itself on a server half."""
    usual = 100 if connection.vendor == "sqlite" else 50
    return max(1, examples * int(os.environ.get("FLEX_SHARE", usual)) // 100)


def load() -> None:
    """Load the profile; a run with ``--hypothesis-profile`` may still choose another."""
    settings.register_profile(
        "flex",
        derandomize=True,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=[
            # Examples only read, so they may share one transaction.
            HealthCheck.function_scoped_fixture,
            # Requests are large by nature.
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )
    settings.load_profile("flex")
