"""Requests in the wire form of Directus to one worker of gunicorn, beside the same in our own."""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.performance.contest import Contest, progress
from tests.performance.sections.throughput import served
from tests.performance.table import OURS, Figure, Table, at_most
from tests.performance.wanted import VALUES

SERVER = (
    *("gunicorn", "--log-level", "error", "--bind", "127.0.0.1:{port}"),
    # A thread, since a worker without one closes the connection after each reply.
    *("--workers", "1", "--threads", "1", "--keep-alive", "30", "tests.performance.served:wsgi"),
)
WARM_UP, ROUNDS = 40, 300
#: How much longer than ours a reply in the form of Directus may take.
MORE = 1.2


@dataclass(frozen=True, slots=True)
class Case:
    """A request in both forms, and the milliseconds it may take: half of what Directus 11 takes."""

    ours: Mapping[str, Any]
    directus: Mapping[str, Any]
    most: float
    key: str = ""
    body: Mapping[str, Any] | None = None


FOUR = "id,status,seats,price"
LISTS = "*,lines.id,tags.date"
NAMED = f"{FOUR},customer.name"
CASES = {
    "20 rows, 4 fields": Case({"fields": FOUR, "limit": 20}, {"fields": FOUR, "limit": 20}, 3.7),
    "200 rows, 4 fields": Case({"fields": FOUR, "limit": 200}, {"fields": FOUR, "limit": 200}, 4.1),
    "20 rows, *": Case({"fields": "*", "limit": 20}, {"fields": "*", "limit": 20}, 4),
    "200 rows, *": Case({"fields": "*", "limit": 200}, {"fields": "*", "limit": 200}, 6),
    # What Directus shows for `*` has the keys of related rows, too.
    "20 rows, * and lists of keys": Case({"fields": LISTS, "limit": 20}, {"fields": LISTS, "limit": 20}, 4),
    "200 rows, * and lists of keys": Case({"fields": LISTS, "limit": 200}, {"fields": LISTS, "limit": 200}, 6),
    "20 rows with a related name": Case(
        {"fields": NAMED, "limit": 20}, {"fields": NAMED, "limit": 20}, 3.5
    ),
    "200 rows with a related name": Case(
        {"fields": NAMED, "limit": 200}, {"fields": NAMED, "limit": 200}, 4.5
    ),
    "filter and order, with counts": Case(
        {"fields": FOUR, "filters.seats.gt": 1, "order_by": "-created_at", "count": "true", "limit": 20},
        {"fields": FOUR, "filter[seats][_gt]": 1, "sort": "-created_at", "meta": "filter_count", "limit": 20},
        3.3,
    ),
    "one row": Case({"fields": FOUR}, {"fields": FOUR}, 2.7, key="7"),
    "add": Case({}, {}, 9, body=VALUES),
}  # fmt: skip


def directus(contest: Contest) -> Iterator[Table]:
    """Measure each case over a connection that is kept; both forms by turns."""
    if contest.worker(OURS) is None:
        return
    with served(contest, OURS, SERVER) as (port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for name, case in CASES.items():
            progress(f"directus: {name}")
            ours, theirs = _taken(connection, case)
            progress("")
            yield _table(name, case, ours, theirs)
        connection.close()


def _table(name: str, case: Case, ours: list[float], theirs: list[float]) -> Table:
    ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
    figures = (
        Figure(
            name=OURS, value=round(min(ours), 2), note=f"median {statistics.median(ours):.2f} ms"
        ),
        Figure(
            name="the same for Directus",
            value=round(min(theirs), 2),
            figure=round(ratio, 2),
            means="times ours",
            target=at_most(MORE),
            note=f"median {statistics.median(theirs):.2f} ms",
        ),
        Figure(
            name="beside half of Directus 11",
            value=case.most,
            figure=round(min(theirs) / case.most, 2),
            means="of it",
            target=at_most(1),
        ),
    )
    return Table(
        section="directus",
        case=name,
        title=f"{name}: fastest of {ROUNDS}, one worker",
        figures=figures,
    )


def _taken(connection: http.client.HTTPConnection, case: Case) -> tuple[list[float], list[float]]:
    ours = _url("/api/booking/", case.key, case.ours)
    theirs = _url("/cms/items/booking", case.key and f"/{case.key}", case.directus)
    first: list[float] = []
    second: list[float] = []
    for turn in range(WARM_UP + ROUNDS):
        for url, times in ((ours, first), (theirs, second)):
            milliseconds = _ask(connection, url, case.body)
            if turn >= WARM_UP:
                times.append(milliseconds)
    return first, second


def _url(path: str, key: str, parameters: Mapping[str, Any]) -> str:
    query = urlencode(parameters)
    return f"{path}{key}{'?' if query else ''}{query}"


def _ask(connection: http.client.HTTPConnection, url: str, body: Mapping[str, Any] | None) -> float:
    sent = None if body is None else json.dumps(body)
    started = time.perf_counter()
    connection.request(
        "GET" if body is None else "POST", url, sent, {"Content-Type": "application/json"}
    )
    # Else some servers, which send a reply in two parts, wait 40 ms for the first's receipt.
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    reply = connection.getresponse()
    read = reply.read()
    taken = (time.perf_counter() - started) * 1_000
    if reply.status not in {200, 201}:
        raise RuntimeError(f"{url}: status {reply.status}: {read[:300]!r}")
    return taken
