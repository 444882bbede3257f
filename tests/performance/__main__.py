"""Measure against code by hand and other packages: ``python -m tests.performance``.

Every contender runs in a process of its own, on the same rows, and is asked turn about. The figures
are medians of processor time unless a table says otherwise. What counts is the ratio: it holds on
other machines, the milliseconds do not. Exit status 1 says that a target is missed, 2 that nothing
can be compared.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.performance import environments, project
from tests.performance.contest import Contest, DifferentAnswerError, WorkerError
from tests.performance.keeping import keep
from tests.performance.sections import SECTIONS, section
from tests.performance.table import Table, printed

#: The section that is measured without an index on what it sorts by.
FIRST = "lists"


def options() -> Namespace:
    """Return what the command line asks for."""
    parser = ArgumentParser(prog="python -m tests.performance", description=__doc__)
    parser.add_argument("--only", help=f"sections, of {','.join(SECTIONS)}")
    parser.add_argument("--rounds", type=int, default=21, help="of which the median is taken")
    parser.add_argument("--json", type=Path, help="file that the figures are written to")
    parser.add_argument(
        "--environments",
        type=Path,
        default=environments.DEFAULT,
        help="where other packages are installed",
    )
    found = parser.parse_args()
    found.sections = found.only.split(",") if found.only else list(SECTIONS)
    if unknown := set(found.sections) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    return found


@contextmanager
def filled_database() -> Iterator[None]:
    """Make the database that all processes share, and remove it afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        server = os.environ.get("DATABASE_URL")
        name = f"flex_{os.environ.get('FLEX_TEST_DB', 'performance')}"
        os.environ[project.DATABASE] = name if server else str(Path(folder) / "rows.sqlite3")
        project.set_up()
        from django.db import connection
        from django.test.utils import setup_databases, teardown_databases

        from tests.performance import data

        if server:  # the test database is made from another one
            connection.settings_dict["NAME"] = server.rsplit("/", 1)[-1]
            connection.settings_dict["TEST"]["NAME"] = name
        old = setup_databases(verbosity=0, interactive=False)
        try:
            data.fill()
            data.analyze()
            yield
        finally:
            teardown_databases(old, verbosity=0)


def tables(asked: Namespace) -> Iterator[Table]:
    """Run the sections; yield each table when it is measured."""
    from tests.performance import data

    contest = Contest(folder=asked.environments, rounds=asked.rounds)
    try:
        for name in SECTIONS:
            if name in asked.sections:
                started = time.monotonic()
                if name != FIRST:
                    data.index()
                yield from section(name)(contest)
                print(f"  {name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    finally:
        contest.close()


def verdict(found: list[Table]) -> str:
    """Return how many targets were missed; a target of which nothing was measured does not hold."""
    figures = [one for table in found for one in table.figures]
    missed = sum(not one.holds for one in figures)
    measured = sum(one.target is not None and one.figure is not None for one in figures)
    if missed:
        return f"{missed} targets missed"
    return (
        f"every target that was measured holds: {measured}"
        if measured
        else "no target was measured"
    )


def main() -> None:
    """Run everything on a fresh database; exit 1 if a target is missed."""
    asked = options()
    found = []
    with filled_database():
        about = project.about()
        print(", ".join(f"{name} {value}" for name, value in about.items()))
        try:
            for table in tables(asked):
                print(f"\n{printed(table)}", flush=True)
                found.append(table)
                if asked.json:
                    keep(asked.json, about, found)
        except (DifferentAnswerError, WorkerError) as error:
            print(error, file=sys.stderr)
            sys.exit(2)
    missed = [one for table in found for one in table.figures if not one.holds]
    print(f"\n{verdict(found)}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
