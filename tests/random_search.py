"""How much is drawn at random, from which seed, and how Hypothesis goes about it."""

from __future__ import annotations

import os

from django.db import connection
from hypothesis import HealthCheck, Phase, settings

#: Another number draws other values, requests and examples. 0 draws the same in every run.
SEED = int(os.environ.get("FLEX_SEED", "0"))


def configure(*, exhaustive: bool) -> None:
    """Set which percentage of the examples is tried, where ``FLEX_SHARE`` does not say it.

    Also load Hypothesis' profile; a run with ``--hypothesis-profile`` may still choose another.
    """
    everything = 100 if connection.vendor == "sqlite" else 25
    os.environ.setdefault("FLEX_SHARE", str(everything if exhaustive else 5))
    settings.register_profile(
        "flex",
        derandomize=not SEED,
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


def same(examples: int) -> settings:
    """Return settings for a test that counts: it meets the same examples whatever the seed.

    How many of them are refused, say, is then no matter of luck.
    """
    return settings(max_examples=examples, derandomize=True, phases=[Phase.generate])


def some(examples: int) -> int:
    """Return how many of these examples are tried: ``FLEX_SHARE`` percent."""
    return max(1, examples * int(os.environ["FLEX_SHARE"]) // 100)
