"""Fixtures of the whole suite: the front doors, and a small set of rows. Which cases are run."""

from __future__ import annotations

import gc
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache.backends.redis import RedisCache
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

from django_flex.backends.orm.prepared.statement_cache import StatementCache
from django_flex.conf import loading
from tests import random_search, sampling
from tests.compiling import built_once
from tests.doors.fronts import (
    ALL_DOORS,
    DOORS,
    OPEN,
    QUERY_DOORS,
    ROLE_DOORS,
    SERVED_DOORS,
    UNLIKE_DOORS,
    Door,
    HttpDoor,
)
from tests.replaying import replay

#: A project of other people's packages, with settings of its own.
collect_ignore = ["ecosystem"]
if (
    find_spec("mcp") is None
):  # the SDK for agents, which is not in the group of the README's command
    collect_ignore.append("mcp/sdk")
if find_spec("playwright") is None:  # nor is what drives a browser; .ci/run has both
    collect_ignore.append("explorer/browser")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--exhaustive",
        action="store_true",
        help="try each case by each door, all random examples, and processes that race",
    )
    parser.addoption(
        "--sample-doors",
        action="store_true",
        help="with --exhaustive, try each case by few doors all the same, and what meets the database",
    )
    parser.addoption(
        "--beyond-default",
        action="store_true",
        help="with --exhaustive, leave out what a run without it tries, unless it reads a clock",
    )
    parser.addoption(
        "--reads-clock", action="store_true", help="try only what another day may change"
    )
    parser.addoption(
        "--cases",
        type=int,
        default=sampling.MANY,
        metavar="N",
        help="without --exhaustive, try N cases of each test; FLEX_SEED says which (default: %(default)s)",
    )


@pytest.hookimpl(tryfirst=True)  # Hypothesis reads its seed from the options
def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # until the tests are collected: all of it is kept, and a quarter of the time
    random_search.configure(exhaustive=config.getoption("exhaustive"))
    if random_search.SEED and config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(random_search.SEED)
    if random_search.SEED and config.getoption("randomly_seed", None) == "default":
        config.option.randomly_seed = random_search.SEED  # the order of the tests


def _refuse_to_clear(self: RedisCache) -> None:
    raise AssertionError("other tests share this cache at this moment: use `unused_caches`")


@pytest.fixture(scope="session", autouse=True)
def _no_test_clears_redis() -> Iterator[None]:
    """Django's `clear()` empties the whole database of Redis, whatever the prefix of the keys is."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RedisCache, "clear", _refuse_to_clear)
        yield


@pytest.fixture(scope="session")
def django_db_use_migrations() -> bool:
    """Spare each worker two seconds on SQLite; on a server, migrations also create extensions."""
    return connection.vendor != "sqlite"


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_by_deletes() -> Iterator[None]:
    """Spare PostgreSQL new files for 150 tables, most of them empty, after each test that commits."""
    if connection.vendor != "postgresql":
        yield
        return
    operations = type(connection.ops)
    truncate = operations.sql_flush

    def sql_flush(self: Any, style: Any, tables: list[str], **options: bool) -> list[str]:
        if any(options.values()):  # what a DELETE does not do
            return truncate(self, style, tables, **options)
        return [f"DELETE FROM {self.quote_name(table)}" for table in tables]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", sql_flush)
        yield


@pytest.fixture
def unused_caches(settings: Any) -> None:
    """Give the caches keys of their own, for a test that counts from zero."""
    prefix = uuid4().hex
    settings.CACHES = {
        name: {**one, "KEY_PREFIX": prefix + one.get("KEY_PREFIX", "")}
        for name, one in settings.CACHES.items()
    }


def pytest_report_header(config: pytest.Config) -> str:
    cases = "all cases" if config.getoption("exhaustive") else "a sample of the cases"
    share, seed = os.environ["FLEX_SHARE"], random_search.SEED
    return f"django_flex: {cases}, {share} % of the random examples, FLEX_SEED={seed}"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Spare a run of few files the other ones: to collect all of them may take as long as the run."""
    if collection_path.suffix != ".py" or not collection_path.name.startswith("test_"):
        return None
    name = collection_path.relative_to(config.rootpath).as_posix()
    other = config.getoption("reads_clock") and not name.startswith(sampling.READS_CLOCK)
    if config.option.markexpr == "exhaustive":
        other = other or not sampling.names_exhaustive(collection_path)
    return True if other else None


def _named(config: pytest.Config) -> set[Path]:
    """Return the files that a run names: they are run whole."""
    arguments = [Path(argument.partition("::")[0]) for argument in config.args]
    return {config.invocation_params.dir / path for path in arguments if path.suffix == ".py"}


@pytest.hookimpl(wrapper=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None]:
    """Make no items of what a run without options leaves out: two thirds of the time of collecting."""
    yield
    config = metafunc.config
    if config.option.keyword or config.getoption("exhaustive"):
        return
    if metafunc.definition.path not in _named(config):
        sampling.sample_calls(metafunc, config.getoption("cases"), random_search.SEED)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only an exhaustive run has; files and tests that a run names are run whole."""
    option = config.getoption
    if config.option.keyword:
        return
    named = _named(config)
    candidates = [item for item in items if item.path not in named]
    left_out: set[pytest.Item] = set()
    if option("beyond_default"):
        default = set(candidates) - _beyond_default(candidates, option("cases"))
        left_out.update(
            i for i in default if not (sampling.reads_clock(i) or sampling.tries_more(i))
        )
    elif option("sample_doors"):
        left_out.update(sampling.without_database(candidates))
        # Only doors are sampled here, and what is alike on all databases.
        candidates = [item for item in candidates if not sampling.differs_by_database(item)]
        left_out.update(sampling.left_out(candidates, sampling.FEW))
    elif not option("exhaustive"):
        left_out.update(_marked_exhaustive(candidates))
    if option("exhaustive"):
        # Each test meets every door; the cases that another backend meets by all have met them by ours.
        again = [i for i in candidates if i not in left_out and sampling.repeats_doors(i)]
        left_out.update(sampling.left_out(again))
    config.hook.pytest_deselected(items=[*left_out])
    items[:] = [item for item in items if item not in left_out]


def _beyond_default(items: list[pytest.Item], many: int) -> set[pytest.Item]:
    """Return what only an exhaustive run tries."""
    tests: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        tests[item.nodeid.partition("[")[0]].append(item)
    found = _marked_exhaustive(items)
    for variants in tests.values():
        chosen = sampling.sampled(variants, many, random_search.SEED)
        found.update(item for item in variants if item not in chosen)
    return found


def _marked_exhaustive(items: list[pytest.Item]) -> set[pytest.Item]:
    """Return the items with the mark, or raise an error where a file does not name it."""
    found = {item for item in items if item.get_closest_marker("exhaustive")}
    for path in {_where_written(item) for item in found}:
        if not sampling.names_exhaustive(path):
            raise pytest.UsageError(f"{path}: `-m exhaustive` looks for the mark by its name")
    return found


def _where_written(item: pytest.Item) -> Path:
    """Return the file of a test; another backend takes the tests of the doors from theirs."""
    module = sys.modules.get(getattr(getattr(item, "function", None), "__module__", ""))
    return Path(module.__file__) if module is not None and module.__file__ else item.path


def pytest_collection_finish() -> None:
    """Keep what is there now out of each collection of garbage: it stays, and there is much of it."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say with each failure how to draw the same again."""
    report = yield
    if report.failed:
        seeds = f"FLEX_SEED={random_search.SEED} FLEX_SHARE={os.environ['FLEX_SHARE']}"
        order = getattr(item.config.option, "randomly_seed", None)
        again = f"{seeds} python -m pytest --randomly-seed={order} '{item.nodeid}'"
        report.sections.append(("to run it again", again))
    return report


def _parametrised(doors: Mapping[str, Any]) -> list[Any]:
    return [pytest.param(door, id=name) for name, door in doors.items()]


def _for_this_database(doors: Mapping[str, Any]) -> list[Any]:
    """Return all doors on SQLite; no door knows the database, so a server is met by a few."""
    if connection.vendor == "sqlite":
        return _parametrised(doors)
    return _parametrised({name: door for name, door in doors.items() if name in UNLIKE_DOORS})


@pytest.fixture(scope="session", autouse=True)
def checked_statements() -> Iterator[None]:
    """Compare every use of a cached statement with what Django compiles, where it is asked for."""
    if not os.environ.get("FLEX_CHECK_STATEMENTS"):
        yield
        return

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            loading, "StatementCache", lambda size, _checked: StatementCache(size, checked=True)
        )
        loading.configuration.cache_clear()
        yield


#: Seconds that a request may take where a test does not say it: on a busy machine two are too few.
PATIENCE = {"READ_TIMEOUT": 60.0, "WRITE_TIMEOUT": 60.0}


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """Give requests a minute, so that a busy machine fails no test."""
    read = loading._values

    def patiently(version: Any, written: Mapping[str, Any], *others: Any) -> Any:
        return read(version, {**PATIENCE, **written}, *others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "_values", patiently)
        loading.configuration.cache_clear()
        yield


@pytest.fixture(scope="session")
def build_or_find(patience: None, checked_statements: None) -> Callable[..., Any]:
    """A function that builds the same settings once."""
    return built_once(loading._build)


def _replaces_parts(item: pytest.Function) -> bool:
    """Whether a test, or a fixture of ours that it uses, takes ``monkeypatch``; plugins' do, too."""
    if "own_settings" in item.fixturenames:
        return True
    used = item._fixtureinfo.name2fixturedefs.values()
    ours = [found[-1].argnames for found in used if found[-1].baseid]
    return any("monkeypatch" in names for names in (item._fixtureinfo.argnames, *ours))


@pytest.fixture
def own_settings() -> None:
    """Say that a test does what no running project does: what settings remember is for it alone."""


@pytest.fixture(autouse=True)
def built_settings(request: pytest.FixtureRequest) -> Iterator[None]:
    """Build settings that tests share once: it is a quarter of their time.

    Tests that replace parts of models or of the package build theirs, and so does one test in four of
    a run of every case by every door, another one with another ``FLEX_SEED``.
    """
    option = request.config.getoption
    every_door = option("exhaustive") and not option("sample_doors")
    if (every_door and sampling.by_turns(request.node, 4, random_search.SEED)) or _replaces_parts(
        request.node
    ):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "_build", request.getfixturevalue("build_or_find"))
        yield


@pytest.fixture(params=_for_this_database(DOORS))
def door(request: pytest.FixtureRequest, settings: Any, db: None) -> Door:
    """Each front door in turn."""
    made: Door = request.param(settings)
    return made


@pytest.fixture(params=_parametrised(QUERY_DOORS))
def query_door(request: pytest.FixtureRequest, settings: Any, db: None) -> Door:
    """A door for each form of a query, texts in a URL and values: for what no other door changes."""
    made: Door = request.param(settings)
    return made


@pytest.fixture(params=_parametrised(ALL_DOORS))
def any_door(request: pytest.FixtureRequest, settings: Any, db: None) -> Door:
    """Each front door in turn, and each variant of it."""
    made: Door = request.param(settings)
    return made


@pytest.fixture(params=_for_this_database(ROLE_DOORS))
def role_door(request: pytest.FixtureRequest, settings: Any, db: None) -> Door:
    """Each front door that takes an entry with its roles: all but the decorators."""
    made: Door = request.param(settings)
    return made


@pytest.fixture(params=_parametrised(SERVED_DOORS))
def served(request: pytest.FixtureRequest, settings: Any, db: None) -> HttpDoor:
    """Each kind of URL that the package serves by itself, open to everybody; ``path`` is a list."""
    made: HttpDoor = request.param(settings)
    made.open("booking", OPEN, {})
    return made


@pytest.fixture
def configure(settings: Any) -> Callable[..., None]:
    """Return a function that writes ``DJANGO_FLEX``; anonymous callers are let in by default."""

    def write(expose: Mapping[str, Any] = OPEN, **others: Any) -> None:
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose, **others}

    return write


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.fixture
def bookings(db: None) -> None:
    """Six bookings of four customers: with and without related rows, values, lines and tags."""
    replay(create_bookings)
    continue_numbering()


def continue_numbering() -> None:
    """Let PostgreSQL give new rows keys behind those that the fixture chose itself."""
    from tests.testapp import models

    numbered = [models.Company, models.Customer, models.Address, models.Booking, models.Line]
    continue_after(*numbered, models.Invoice)


def continue_after(*numbered: type[Model]) -> None:
    """Let PostgreSQL give new rows of these models keys behind those that are there."""
    statements = connection.ops.sequence_reset_sql(no_style(), numbered)
    if statements:
        with connection.cursor() as cursor:
            cursor.execute(" ".join(statements))


def create_bookings() -> None:
    """Create the rows of ``bookings``."""
    from tests.testapp.models import (
        Address,
        Booking,
        Company,
        Customer,
        Invoice,
        Line,
        Tag,
    )

    Company.objects.bulk_create(
        [
            Company(id=1, name="Acme Corp", address="1 Main St", tax_id="T-1"),
            Company(id=2, name="Globex", address="2 Side St", tax_id="T-2"),
        ]
    )
    Customer.objects.bulk_create(
        [
            Customer(
                id=1,
                name="Aisha Khan",
                email="aisha@example.com",
                vip=True,
                company_id=1,
                metadata={
                    "settings": {"theme": "dark", "lang": "en"},
                    "tags": ["vip", "early"],
                    "level": 7,
                    "active": True,
                },
                api_token="s3cret",
            ),
            Customer(
                id=2,
                name="Omar Khan",
                email="omar@example.com",
                company_id=2,
                metadata={
                    "settings": {"theme": "light", "lang": "de"},
                    "tags": ["new"],
                    "level": 3,
                    "active": False,
                },
            ),
            Customer(id=3, name="Bob Stone", metadata={"level": None, "settings": {}}),
            Customer(id=4, name="Zoe", email="zoe@example.com", metadata={}),
        ]
    )
    Address.objects.bulk_create(
        [
            Address(id=1, street="Elm 1", city="Berlin"),
            Address(id=2, street="Oak 2", city="Paris"),
        ]
    )
    Booking.objects.bulk_create(
        [
            Booking(
                id=1,
                customer_id=1,
                address_id=1,
                status="confirmed",
                urgent=True,
                price="100.00",
                rating=4.5,
                seats=2,
                day=date(2025, 1, 15),
                starts=time(9, 30, 15),
                lasts=timedelta(hours=1, minutes=30),
                created_at=moment(2025, 1, 15, 9, 30, 15),
                closed_at=moment(2025, 1, 16),
                reference=UUID(int=1),
                internal_notes="call back",
            ),
            Booking(
                id=2,
                customer_id=2,
                address_id=2,
                status="pending",
                price="250.50",
                rating=3.0,
                seats=4,
                day=date(2025, 6, 30),
                starts=time(14, 0),
                lasts=timedelta(minutes=45),
                created_at=moment(2025, 6, 30, 14),
                closed_at=moment(2025, 6, 29),
                reference=UUID(int=2),
            ),
            Booking(
                id=3,
                customer_id=1,
                status="completed",
                price="99.99",
                day=date(2024, 12, 30),
                starts=time(23, 59, 59),
                lasts=timedelta(days=2),
                created_at=moment(2024, 12, 30, 23, 59, 59),
                reference=UUID(int=3),
            ),
            Booking(
                id=4,
                customer_id=3,
                status="cancelled",
                urgent=True,
                rating=5.0,
                seats=1,
                reference=UUID(int=4),
            ),
            Booking(id=5, customer_id=4, status="", price="0.50", reference=UUID(int=5)),
            Booking(
                id=6,
                customer_id=2,
                address_id=1,
                status="pending",
                urgent=True,
                price="250.50",
                seats=4,
                reference=UUID(int=6),
            ),
        ]
    )
    Line.objects.bulk_create(
        [
            Line(id=1, booking_id=1, product="sweep", quantity=2),
            Line(id=2, booking_id=1, product="mop", quantity=5, note="wet"),
            Line(id=3, booking_id=2, product="mop", quantity=1),
            Line(id=4, booking_id=3, product="sweep", quantity=5, note="dry"),
            Line(id=5, booking_id=3, product="sweep", quantity=7, note="dry"),
        ]
    )
    Invoice.objects.bulk_create(
        [
            Invoice(id=1, booking_id=1, number="A-1"),
            Invoice(id=2, booking_id=2, number="A-2"),
        ]
    )
    Tag.objects.bulk_create(
        [Tag(slug="red", date="today"), Tag(slug="blue", date="later"), Tag(slug="green")]
    )
    through = Booking.tags.through
    through.objects.bulk_create(
        [
            through(booking_id=1, tag_id="red"),
            through(booking_id=1, tag_id="blue"),
            through(booking_id=2, tag_id="red"),
        ]
    )
