"""Measure reads and writes against hand-written views and REST framework: ``python -m tests.performance``.

All contenders run in one process, turn about, on the same rows; CPU time, medians. What counts is
the ratio: it holds on other machines, the milliseconds do not.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from typing import TYPE_CHECKING

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

ROWS = 1_000
TARGETS = {
    (20, "by hand, tuples"): ("at most", 1.3),
    (200, "by hand, tuples"): ("at most", 1.3),
    (20, "REST framework"): ("at least", 2.5),
    (200, "REST framework"): ("at least", 4.0),
}
IMPORT_TARGET_MS = 30


def fill() -> None:
    """Make a thousand bookings with customers and addresses."""
    from datetime import UTC, datetime, timedelta

    from tests.testapp.models import Address, Booking, Customer

    customers = Customer.objects.bulk_create(
        Customer(name=f"Customer {n}", email=f"c{n}@example.com") for n in range(100)
    )
    addresses = Address.objects.bulk_create(
        Address(street=f"Street {n}", city=f"City {n}") for n in range(100)
    )
    start = datetime(2026, 1, 1, tzinfo=UTC)
    Booking.objects.bulk_create(
        Booking(
            customer=customers[n % 100],
            address=addresses[n % 100] if n % 7 else None,
            status="confirmed" if n % 3 else "pending",
            price=n % 90,
            created_at=start + timedelta(hours=n),
        )
        for n in range(ROWS)
    )


def measure(
    contenders: dict[str, tuple[Callable[[HttpRequest], HttpResponse], str]],
    *,
    rounds: int,
    repeat: int,
) -> dict[str, float]:
    """Return the median CPU milliseconds of one request, by contender."""
    from django.test import RequestFactory

    factory = RequestFactory()
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 3):
        for name, (view, url) in contenders.items():
            requests = [factory.get(url) for _ in range(repeat)]
            gc.collect()  # so that nobody pays for what another contender left behind
            started = time.process_time()
            responses = [view(request) for request in requests]
            elapsed = (time.process_time() - started) / repeat * 1_000
            response = responses[-1]
            if response.status_code != 200:
                sys.exit(f"{name}: {response.status_code} {response.content[:300]!r}")
            if number >= 3:  # the first rounds warm caches up
                samples[name].append(elapsed)
        print(f"\r  round {min(number, rounds)}/{rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return {name: statistics.median(values) for name, values in samples.items()}


def count_statements(view: Callable[[HttpRequest], HttpResponse], url: str) -> int:
    """Return how many SQL statements one request runs."""
    from django.db import connection
    from django.test import RequestFactory
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        view(RequestFactory().get(url))
    return len(captured)


def lists(limit: int, rounds: int) -> bool:
    """Compare a list of so many rows; print a table; return whether the targets hold."""
    from tests.performance import contenders as c

    hand = f"/?status=confirmed&ordering=-created_at&limit={limit}"
    flex = f"/api/bookings/?fields={c.FIELDS}&filters.status=confirmed&order_by=-created_at"
    running = {
        "django_flex": (c.ours(), f"{flex}&limit={limit}"),
        "by hand, tuples": (c.by_hand, hand),
        "by hand, raw cursor": (c.by_cursor, hand),
        "by hand, instances": (c.by_hand_with_instances, hand),
        "REST framework": (c.rest_framework(), hand),
    }
    medians = measure(running, rounds=rounds, repeat=max(2, 400 // limit))
    ours = medians["django_flex"]
    print(f"\nlist of {limit} rows: {count_statements(*running['django_flex'])} SQL statement")
    good = True
    for name, ms in medians.items():
        ratio, verdict = ours / ms, ""
        if name == "REST framework":
            ratio = ms / ours
        if (limit, name) in TARGETS:
            word, bound = TARGETS[limit, name]
            holds = ratio <= bound if word == "at most" else ratio >= bound
            good &= holds
            verdict = f"{word} {bound}: {'holds' if holds else 'MISSED'}"
        said = "times faster" if name == "REST framework" else "x"
        print(f"  {name:20} {ms:8.3f} ms   {ratio:5.2f} {said:13}{verdict}")
    return good


def one_row(rounds: int) -> None:
    """Compare a row by its key with one fetched by hand; print."""
    from tests.performance import contenders as c

    running = {
        "django_flex": (c.ours(), f"/api/bookings/1?fields={c.FIELDS}"),
        "by hand": (c.get_by_hand, "/?id=1"),
    }
    medians = measure(running, rounds=rounds, repeat=200)
    print("\none row by its key")
    for name, ms in medians.items():
        print(f"  {name:20} {ms:8.3f} ms   {medians['django_flex'] / ms:5.2f} x")


def nested_lists(limit: int, rounds: int) -> bool:
    """Compare a list of so many rows with two lists in each; print; return the verdict."""
    from tests.performance import contenders, graphql, nested

    running = {
        "django_flex": (contenders.ours(), f"{nested.URL}&limit={limit}"),
        "by hand, three queries": (nested.by_hand, f"/?limit={limit}"),
        "REST framework": (nested.rest_framework(), f"/?limit={limit}"),
        "strawberry-django": (graphql.view(), graphql.url(limit)),
    }
    medians = measure(running, rounds=rounds, repeat=max(2, 200 // limit))
    ours = medians["django_flex"]
    statements = count_statements(*running["django_flex"])
    print(f"\nlist of {limit} rows with two lists in each: {statements} SQL statements")
    good = True
    for name, ms in medians.items():
        word, bound = nested.TARGETS.get(name, ("", 0.0))
        ratio = ms / ours if word == "at least" else ours / ms
        holds = not word or (ratio >= bound if word == "at least" else ratio <= bound)
        good &= holds
        said = "times faster" if word == "at least" else "x"
        verdict = f"{word} {bound}: {'holds' if holds else 'MISSED'}" if word else ""
        print(f"  {name:22} {ms:8.3f} ms   {ratio:5.2f} {said:13}{verdict}")
    return good


def import_cost() -> bool:
    """Compare ``django.setup()`` with and without the app, each in processes of its own."""
    code = (
        "import time, django; from django.conf import settings;"
        "settings.configure(INSTALLED_APPS=['django.contrib.contenttypes','django.contrib.auth'{}],"
        "DATABASES={{'default':{{'ENGINE':'django.db.backends.sqlite3','NAME':':memory:'}}}});"
        "t=time.process_time(); django.setup(); print((time.process_time()-t)*1000)"
    )
    medians = {}
    for name, app in (("without", ""), ("with", ",'django_flex'")):
        runs = [
            float(subprocess.check_output([sys.executable, "-c", code.format(app)]))
            for _ in range(9)
        ]
        medians[name] = statistics.median(runs)
    added = medians["with"] - medians["without"]
    holds = added <= IMPORT_TARGET_MS
    print(f"\ndjango.setup(): {medians['without']:.0f} ms, with django_flex +{added:.1f} ms")
    print(f"  at most +{IMPORT_TARGET_MS} ms: {'holds' if holds else 'MISSED'}")
    return holds


def main() -> None:
    """Run everything on a fresh test database; exit 1 if a target is missed."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31)
    options = parser.parse_args()
    import django

    django.setup()
    from django.test.utils import override_settings, setup_databases, teardown_databases

    from tests.performance import aggregates, contenders, cursors, nested, writes
    from tests.performance.contenders import EXPOSE

    old = setup_databases(verbosity=0, interactive=False)
    try:
        fill()
        # No contender reads credentials; REST framework's own is in INSTALLED_APPS of the tests.
        settings = {"REQUIRE_AUTHENTICATION": False, "AUTHENTICATION": [], "EXPOSE": EXPOSE}
        with override_settings(DJANGO_FLEX=settings):
            good = [lists(limit, options.rounds) for limit in (20, 200)]
            one_row(options.rounds)
        nested.fill()
        with override_settings(DJANGO_FLEX={**settings, "EXPOSE": nested.EXPOSE}):
            good += [nested_lists(limit, options.rounds) for limit in (20, 200)]
        with override_settings(DJANGO_FLEX={**settings, "EXPOSE": writes.EXPOSE}):
            good += [writes.adds(options.rounds), writes.bulk(), writes.rate_limit(options.rounds)]
        cursors.fill()
        with override_settings(
            DJANGO_FLEX={**settings, "EXPOSE": cursors.EXPOSE, **cursors.SETTINGS}
        ):
            good.append(cursors.deep_pages(contenders.ours(), options.rounds))
        aggregates.fill()
        with override_settings(DJANGO_FLEX={**settings, "EXPOSE": aggregates.EXPOSE}):
            good.append(aggregates.aggregates(contenders.ours(), options.rounds))
    finally:
        teardown_databases(old, verbosity=0)
    good.append(import_cost())
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
