"""The parent's side: workers that are asked turn about, and whose replies must agree."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.performance import environments
from tests.performance.contenders import CONTENDERS
from tests.performance.table import OURS

#: Seconds of one turn, and of the runs before the first one that warm caches up.
TURN = 0.02
WARM_UP = 0.2


class WorkerError(Exception):
    """A worker has failed; the message is its traceback."""


class DifferentAnswerError(Exception):
    """A contender does not answer with the rows that ours answers with."""


class Worker:
    """A contender in a process of its own."""

    def __init__(self, name: str, python: Path, path: str, changes: dict[str, Any]) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [str(python), "-m", "tests.performance.worker", name, json.dumps(changes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=path,  # which Python looks in first
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
        )
        self.about: dict[str, str] = self._answer()

    def order(self, do: str, **arguments: Any) -> Any:
        """Have something done and return what the worker says."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        said = json.loads(line) if line else {"error": "the process has ended"}
        if "error" in said:
            raise WorkerError(f"{self.name}: {said['error']}")
        return said["answer"]

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one request takes, and how many times as long as that ours takes."""

    seconds: float
    ratio: float

    @classmethod
    def of(cls, turns: Sequence[tuple[float, float]] | None) -> Measured | None:
        """Return what turns of ours and theirs say; ``None`` without any."""
        if not turns:
            return None
        return cls(
            seconds=undisturbed([theirs for _, theirs in turns]),
            ratio=statistics.median(ours / theirs for ours, theirs in turns),
        )


def undisturbed(times: Sequence[float]) -> float:
    """Return the lower quartile: what it takes when nothing else keeps the machine busy."""
    return sorted(times)[len(times) // 4]


@dataclass(slots=True)
class Contest:
    """All workers of a run, each started when it is first wanted."""

    folder: Path
    rounds: int
    workers: dict[str, Worker | None] = field(default_factory=dict)

    def worker(self, name: str) -> Worker | None:
        """Return a contender's worker, ``None`` if it cannot be installed."""
        if name not in self.workers:
            self.workers[name] = self.started(name)
        return self.workers[name]

    def started(self, name: str, **changes: Any) -> Worker | None:
        """Start a worker, with changes to the settings of ours; the caller closes it."""
        contender = CONTENDERS[name]
        python = environments.python_of(self.folder, contender.requires)
        if python is None:
            return None
        path = environments.path_of(self.folder, is_home=not contender.requires)
        return Worker(name, python, path, changes)

    def ours(self) -> Worker:
        """Return our own worker."""
        found = self.worker(OURS)
        assert found is not None
        return found

    def prepared(self, names: Iterable[str], case: str, **wanted: Any) -> dict[str, Worker | None]:
        """Prepare a case everywhere and return the workers by name, having compared their answers.

        Whoever has no answer to offer is left out; who is not installed is ``None``.
        """
        running: dict[str, Worker | None] = {}
        expected = self.ours().order("prepare", case=case, **wanted)["rows"]
        for name in names:
            worker = self.worker(name)
            if worker is None:
                running[name] = None
                continue
            answer = worker.order("prepare", case=case, **wanted)
            if answer is None:
                continue
            compare(name, case, expected, answer["rows"])
            running[name] = worker
        return running

    def measure(
        self, running: Mapping[str, Worker | None], clock: str = "cpu", against: str = OURS
    ) -> dict[str, Measured | None]:
        """Return what one request takes each contender, compared turn about with ours.

        Ours is asked right before or after each other one, since a shared machine is slower at
        times: what counts is the ratio of the two turns, of which the median is returned.
        """
        repeats = {name: _repeats(worker, clock) for name, worker in running.items() if worker}
        turns: dict[str, list[tuple[float, float]]] = {name: [] for name in repeats}
        for number in range(self.rounds):
            for name, repeat in repeats.items():
                if name == against:
                    continue
                pair = [(running[against], repeats[against]), (running[name], repeat)]
                back = -1 if number % 2 else 1  # who comes first finds other things in the caches
                first, second = (_taken(*one, clock) for one in pair[::back])
                turns[name].append((second, first) if number % 2 else (first, second))
            progress(f"round {number + 1}/{self.rounds}")
        progress("")
        own = undisturbed([first for taken in turns.values() for first, _ in taken])
        found = {name: Measured.of(turns.get(name)) for name in running}
        return {**found, against: Measured(seconds=own, ratio=1)}

    def close(self) -> None:
        """End all workers."""
        for worker in self.workers.values():
            if worker is not None:
                worker.close()


def compare(name: str, case: str, expected: Any, actual: Any) -> None:
    """Compare a contender's rows with ours.

    Raises:
        DifferentAnswerError: they differ.
    """
    if expected == actual:
        return
    if isinstance(expected, list) and isinstance(actual, list):
        pairs = zip(expected, actual, strict=False)
        first = next((pair for pair in pairs if pair[0] != pair[1]), None)
        counts = f"{len(expected)} and {len(actual)} values"
        raise DifferentAnswerError(f"{name}, {case}: {counts}; ours and theirs: {first}")
    raise DifferentAnswerError(f"{name}, {case}: ours {expected!r}, theirs {actual!r}")


def progress(text: str) -> None:
    """Say on standard error how far it is."""
    print(f"\r  {text:60}\r", end="", file=sys.stderr, flush=True)


def _taken(worker: Worker | None, repeat: int, clock: str) -> float:
    assert worker is not None
    taken: float = worker.order("run", repeat=repeat)[clock]
    return taken


def _repeats(worker: Worker, clock: str) -> int:
    """Warm a worker up; return how many requests fill a turn."""
    taken, repeat = _taken(worker, 2, clock), 2
    left = WARM_UP
    while left > 0:
        repeat = max(1, min(1_000, round(TURN / max(taken, 1e-6))))
        taken = _taken(worker, repeat, clock)
        left -= max(taken * repeat, 0.005)
    return repeat
