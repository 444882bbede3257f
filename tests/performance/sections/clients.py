"""The Python client beside its HTTP library by hand, over a transport that answers at once."""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

import httpx2
from pydantic import BaseModel, TypeAdapter

from django_flex.client import AsyncClient, Client
from tests.performance import environments
from tests.performance.contest import Contest, progress, undisturbed
from tests.performance.table import OURS, Figure, Table, at_most

ROWS = 200
TARGET = at_most(1.1)
TARGET_MS = at_most(150)
TURN_SECONDS = 0.03
SERVER = "https://server.example/"
IMPORT = (
    "import time, httpx2, pydantic; t = time.process_time();"
    "from django_flex.client import *; print((time.process_time() - t) * 1000)"
)


class Customer(BaseModel):
    name: str
    email: str


class Booking(BaseModel):
    __collection__ = "bookings"
    id: int
    status: str
    price: Decimal
    day: date
    created_at: datetime
    reference: str
    customer: Customer


ADAPTER = TypeAdapter(list[Booking])


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is read, and how: the two ways get the same bytes for the same request."""

    dialect: Literal["flex", "directus"]
    asynchronous: bool
    modelled: bool

    @property
    def title(self) -> str:
        words = "AsyncClient" if self.asynchronous else "Client"
        kind = "a pydantic model" if self.modelled else "dictionaries"
        return f"{words}, {self.dialect}, {ROWS} rows as {kind}"


def rows() -> list[dict[str, Any]]:
    """Return what the server has, as JSON has it."""
    return [
        {
            "id": number,
            "status": "confirmed",
            "price": f"{number}.50",
            "day": "2026-03-01",
            "created_at": datetime(2026, 2, 1, 12, tzinfo=UTC).isoformat(),
            "reference": f"R-{number:06}",
            "customer": {"name": f"Customer {number}", "email": f"c{number}@example.org"},
        }
        for number in range(1, ROWS + 1)
    ]


def clients(_contest: Contest) -> Iterator[Table]:
    """Compare each kind of list, turn about, and the time of the import."""
    for dialect in ("flex", "directus"):
        for asynchronous in (False, True):
            for modelled in (False, True):
                case = Case(dialect=dialect, asynchronous=asynchronous, modelled=modelled)
                progress(case.title)
                yield listed(case, _contest.rounds)
    progress("import of the client")
    times = [
        float(subprocess.check_output([sys.executable, "-c", IMPORT], cwd=environments.ROOT))
        for _ in range(13)
    ]
    figure = Figure(
        name=OURS,
        value=round(undisturbed(times), 1),
        figure=round(undisturbed(times), 1),
        means="ms beyond httpx2, pydantic",
        target=TARGET_MS,
    )
    title = "import of every name of the client"
    yield Table(section="client", case="import", title=title, figures=(figure,))


def listed(case: Case, rounds: int) -> Table:
    """Measure one case."""
    key = "results" if case.dialect == "flex" else "data"
    page = {"pagination": {"offset": 0, "limit": ROWS, "has_more": False}}
    body = json.dumps({**(page if case.dialect == "flex" else {}), key: rows()}).encode()
    asked: list[httpx2.Request] = []

    def answered(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, content=body, headers={"Content-Type": "application/json"})

    transport = httpx2.MockTransport(answered)
    kind = httpx2.AsyncClient if case.asynchronous else httpx2.Client
    runner = asyncio.Runner()
    http: Any = kind(transport=transport)
    made: Any = (AsyncClient if case.asynchronous else Client)(
        SERVER, dialect=case.dialect, http=http
    )
    query = made.collection(Booking if case.modelled else "bookings")
    query = query if case.modelled else query.fields("*", "customer.*")
    taker: Callable[[Callable[[], Any], int], float] = timed
    if case.asynchronous:
        taker = lambda call, repeat: runner.run(awaited(call, repeat))  # noqa: E731
    taker(query.limit(ROWS).list, 3)
    first = asked[-1]
    sent = json.loads(first.content)

    def read(reply: Any) -> Any:
        found = json.loads(reply.content)[key]
        return ADAPTER.validate_python(found) if case.modelled else found

    def by_hand() -> Any:
        return read(http.request(first.method, first.url, json=sent))

    async def by_hand_async() -> Any:
        return read(await http.request(first.method, first.url, json=sent))

    ways = {OURS: query.limit(ROWS).list, "hand": by_hand_async if case.asynchronous else by_hand}
    once = runner.run if case.asynchronous else (lambda found: found)
    assert list(once(ways[OURS]())) == once(ways["hand"]()), f"{case.title}: different rows"
    taken = compared_in_turn(ways, taker, rounds, asked.clear)
    runner.close()
    ratio = statistics.median(
        ours / hand for ours, hand in zip(taken[OURS], taken["hand"], strict=True)
    )
    validated = " + TypeAdapter" if case.modelled else ""
    figures = (
        Figure(name=OURS, value=round(undisturbed(taken[OURS]) * 1_000, 4)),
        Figure(
            name=f"httpx2 + json.loads{validated}",
            value=round(undisturbed(taken["hand"]) * 1_000, 4),
            figure=round(ratio, 3),
            means="ours is x of it",
            target=TARGET,
        ),
    )
    name = f"{case.dialect}-{'async' if case.asynchronous else 'sync'}"
    name += "-model" if case.modelled else ""
    return Table(section="client", case=name, title=case.title, figures=figures)


def compared_in_turn(
    ways: dict[str, Callable[[], Any]],
    taker: Callable[[Callable[[], Any], int], float],
    rounds: int,
    between: Callable[[], None],
) -> dict[str, list[float]]:
    """Return the seconds of each call of each way, for each round; either goes first in turn."""
    repeat = max(1, int(TURN_SECONDS / taker(ways[OURS], 5)))
    taken: dict[str, list[float]] = {name: [] for name in ways}
    gc.collect()
    gc.freeze()  # Django's objects, which neither way has to do with
    for number in range(rounds):
        order = list(ways) if number % 2 else list(reversed(ways))
        for name in order:
            taken[name].append(taker(ways[name], repeat))
            between()
    gc.unfreeze()
    return taken


def timed(call: Callable[[], Any], repeat: int) -> float:
    """Return the processor seconds of a call."""
    started = time.process_time()
    for _ in range(repeat):
        call()
    return (time.process_time() - started) / repeat


async def awaited(call: Callable[[], Awaitable[Any]], repeat: int) -> float:
    """Return the processor seconds of an asynchronous call."""
    started = time.process_time()
    for _ in range(repeat):
        await call()
    return (time.process_time() - started) / repeat
