"""Requests per second and latency under eight clients, of servers as they are used."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.performance import environments
from tests.performance.contenders import CONTENDERS, REST, TUPLES
from tests.performance.contest import Contest, progress
from tests.performance.table import OURS, Figure, Table

CLIENTS = 8
SECONDS = 4.0
PATIENCE = 20.0
WSGI = ("gunicorn", "--log-level", "error", "--bind", "127.0.0.1:{port}", "--workers", "2")
SERVERS = {
    "gunicorn, 2 sync workers": (*WSGI, "tests.performance.served:wsgi"),
    "gunicorn, 2 workers of 4 threads": (*WSGI, "--threads", "4", "tests.performance.served:wsgi"),
    "uvicorn, 2 workers": (
        *("uvicorn", "--log-level", "error", "--no-access-log", "--port", "{port}"),
        *("--workers", "2", "tests.performance.served:asgi"),
    ),
}


def throughput(contest: Contest) -> Iterator[Table]:
    """Measure each server with ours, code by hand, and REST framework."""
    for server, command in SERVERS.items():
        rates: dict[str, dict[str, float] | None] = {}
        for name in (OURS, TUPLES, REST):
            progress(f"{server}: {name}")
            rates[name] = _measured(contest, name, command)
        progress("")
        figures = tuple(_figure(name, rate, rates[OURS]) for name, rate in rates.items())
        title = (
            f"list of 20 rows, {CLIENTS} clients, {server} (clients and server share the machine)"
        )
        yield Table(section="throughput", case=server, title=title, figures=figures)


def _figure(name: str, rate: dict[str, float] | None, ours: dict[str, float] | None) -> Figure:
    if rate is None or ours is None:
        return Figure(name=name, value=None, note="not installed")
    return Figure(
        name=name,
        value=round(rate["rate"]),
        unit="/s",
        figure=None if name == OURS else round(ours["rate"] / rate["rate"], 2),
        means="" if name == OURS else "times as many by ours",
        note=f"p50 {rate['p50']:.1f} ms, p99 {rate['p99']:.1f} ms, processor {rate['cpu']:.2f} ms",
    )


def _measured(contest: Contest, name: str, command: tuple[str, ...]) -> dict[str, float] | None:
    worker = contest.worker(name)
    is_home = not CONTENDERS[name].requires
    if worker is None or (is_home and find_spec(command[0]) is None):
        return None
    url: str = worker.order("url", case="list", limit=20)
    with served(contest, name, command) as (port, group):
        asked = [sys.executable, "-m", "tests.performance.load", str(port), url]
        before = _processor_seconds(group)
        said = subprocess.check_output(
            [*asked, str(CLIENTS), str(SECONDS)], cwd=environments.ROOT, text=True
        )
        taken = _processor_seconds(group) - before
    found: dict[str, float] = json.loads(said)
    return {**found, "cpu": taken / found["requests"] * 1_000}


def _processor_seconds(group: int) -> float:
    """Return what the processes of a server have taken of the processors."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it may have ended since
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(contest: Contest, name: str, command: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Start a server; yield its port and its group of processes."""
    port = _free_port()
    contender = CONTENDERS[name]
    python = environments.python_of(contest.folder, contender.requires)
    path = environments.path_of(contest.folder, is_home=not contender.requires)
    process = subprocess.Popen(
        [str(python), "-m", *(part.format(port=port) for part in command)],
        cwd=path,
        env={**os.environ, "PYTHONPATH": path, "FLEX_PERFORMANCE_SERVED": name},
        start_new_session=True,
    )
    try:
        _wait_for(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[Any]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("the server has ended")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/nothing")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError("the server does not answer")
