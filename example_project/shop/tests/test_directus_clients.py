"""Clients of Directus against the music shop: each step by value, in three roles.

``DIRECTUS_SDK`` names folders, with colons between them, in each of which ``npm install @directus/sdk``
was run; ``DIRECTUS_PYTHON`` names Python interpreters, in whose environments py-directus2 or
directus-py-sdk is installed. Clients that are not there are skipped; our own always runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.cache import cache
from django.db import connections
from django.test.testcases import LiveServerThread
from shop.models import Customer, Invoice
from shop.tests.directus.asking import LackedError, started
from shop.tests.directus.steps import STEPS, World
from shop.tour import ANDREW, JANE, LUIS, Account

FOLDER = Path(__file__).with_name("directus")
ACCOUNTS = {account.group: account for account in (ANDREW, JANE, LUIS)}


@dataclass(frozen=True)
class Kind:
    """A client: its adapter, what it has no way to do, and where it does not tell why."""

    name: str
    adapter: str
    lacks: frozenset[str] = frozenset()
    mute: frozenset[str] = frozenset()
    #: It cuts the path off the address, so it needs the API at the root of a host.
    at_root: bool = False


SDK = Kind("@directus/sdk", "sdk.mjs")
OURS = Kind("django_flex.client", "ours.py")
PY_DIRECTUS2 = Kind(
    "py-directus2",
    "py_directus2.py",
    lacks=frozenset(
        {
            *("alias", "deep", "some_and_none"),
            # A list of keys to delete is a TypeError of its HTTP library.
            *("change_each", "delete_many", "delete_many_of_the_catalogue"),
            # It sends no token with a download, so only public files can be read;
            *("download_unfiled", "download_hidden"),
            # and none with a logout, which ends nothing.
            "log_out",
        }
    ),
)
DIRECTUS_PY_SDK = Kind(
    "directus-py-sdk",
    "py_sdk.py",
    mute=frozenset({"search", "aggregate", "files"}),
    at_root=True,
)


def installed() -> Iterator[tuple[Kind, list[str]]]:
    """Yield the clients that are there, and the commands that start them, without the URL."""
    yield OURS, [sys.executable, str(FOLDER / OURS.adapter)]
    for folder in filter(None, os.environ.get("DIRECTUS_SDK", "").split(os.pathsep)):
        yield SDK, ["node", str(FOLDER / SDK.adapter), folder]
    for python in filter(None, os.environ.get("DIRECTUS_PYTHON", "").split(os.pathsep)):
        for kind, module in ((PY_DIRECTUS2, "py_directus"), (DIRECTUS_PY_SDK, "directus_py_sdk")):
            found = (
                f"import importlib.util, sys; sys.exit(not importlib.util.find_spec({module!r}))"
            )
            if subprocess.run([python, "-c", found], check=False).returncode == 0:
                yield kind, [python, str(FOLDER / kind.adapter)]


@pytest.fixture
def server(db: None, settings: Any, tmp_path: Path) -> Iterator[str]:
    """Serve the shop to other processes, from the transaction of the test.

    What ``live_server`` needs, tables that are emptied after each test, would cost the shop's rows.
    """
    connection = connections["default"]
    if not connection.is_in_memory_db():  # type: ignore[attr-defined] # of SQLite only
        pytest.skip("only a database in memory can be shared by threads")
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.DJANGO_FLEX = settings.DJANGO_FLEX | {"LOGIN_RATE_LIMIT": None}
    # Several hundred thousand rounds for each login are for real passwords.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for account in ACCOUNTS.values():
        user = User.objects.get(username=account.username)
        user.set_password(account.password)
        user.save()
    settings.ALLOWED_HOSTS = ["localhost"]
    cache.clear()
    connection.inc_thread_sharing()
    thread = LiveServerThread("localhost", StaticFilesHandler, {"default": connection})
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    try:
        assert thread.error is None
        yield f"http://localhost:{thread.port}"
    finally:
        thread.terminate()
        connection.dec_thread_sharing()


@pytest.mark.parametrize("role", STEPS)
@pytest.mark.parametrize(
    ("kind", "command"),
    [
        pytest.param(kind, command, id=f"{kind.name}-{i}")
        for i, (kind, command) in enumerate(installed())
    ],
)
def test_a_session(
    kind: Kind, command: list[str], role: str, server: str, settings: Any, tmp_path: Path
) -> None:
    if kind.at_root:
        settings.ROOT_URLCONF = "django_flex.contrib.directus.urls"
    account = ACCOUNTS[role]
    url = server if kind.at_root else f"{server}/cms"
    lacked = set()

    command = [command[0], command[1], url, *command[2:]]

    with started(command, url, kind.mute, home=tmp_path) as client:
        world = World(client=client, account=account, folder=tmp_path, **rows_of(account))
        for step in STEPS[role]:
            try:
                step(world)
            except LackedError:
                lacked.add(step.__name__)

    assert lacked == kind.lacks & {step.__name__ for step in STEPS[role]}


def rows_of(account: Account) -> dict[str, Any]:
    """Return the user of an account, and the customers and invoices that it may see."""
    user = User.objects.get(username=account.username)
    customers, invoices = Customer.objects.all(), Invoice.objects.all()
    if account.group == "agents":
        customers = customers.filter(support_rep__user=user)
        invoices = invoices.filter(customer__support_rep__user=user)
    if account.group == "customers":
        customers, invoices = customers.filter(user=user), invoices.filter(customer__user=user)
    return {"user": user.pk, "customers": customers, "invoices": invoices}
