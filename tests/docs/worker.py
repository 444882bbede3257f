"""Runs the examples of pages in a Django project: JSON in, JSON out.

Started by ``projects.py`` as a process of its own, since the music shop and the tutorial's project
have settings of their own. Each page starts from the same data and settings.

The music shop dates its data to the day on which it is loaded. So its pages are run once for each of
several times, with the clock stopped at that time: what a page shows has to hold on any day, and
never depends on the day of the run.
"""

from __future__ import annotations

import doctest
import io
import json
import sys
import time
import traceback
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, chdir, contextmanager
from datetime import datetime
from email.message import Message
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any
from unittest.mock import patch
from urllib.response import addinfourl

import django

HOST = "http://127.0.0.1:8000"


Outcomes = list[list[dict[str, Any]]]


def run_pages(job: dict[str, Any]) -> list[Outcomes]:
    """Run pages one after the other: for each time an outcome for each of their steps."""
    django.setup()
    from django.test.utils import override_settings, setup_databases, setup_test_environment

    setup_test_environment()
    urllib.request.install_opener(urllib.request.build_opener(ServedByTheClient))
    fast = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    # Of a developer's machine; "testserver" is there in tests only.
    local = override_settings(ALLOWED_HOSTS=["localhost", "testserver"])
    with fast, local:
        if not job["times"]:
            return [[run_page(steps, keep=True) for steps in job["pages"]]]
        setup_databases(verbosity=0, interactive=False)
        return [run_in_shop(job["pages"], datetime.fromisoformat(at)) for at in job["times"]]


def run_in_shop(pages: list[list[dict[str, Any]]], at: datetime) -> Outcomes:
    """Run pages in the music shop, as it is when it is loaded at a given time."""
    from django.core.cache import caches
    from django.core.management import call_command
    from shop.accounts import create_accounts
    from shop.loading import load

    with stopped_clock(at):
        call_command("flush", interactive=False, verbosity=0)
        load(today=at.date())
        create_accounts()
        outcomes = [run_page(steps, keep=False) for steps in pages]
    for cache in caches.all():
        cache.clear()  # the rate limits of the next time count from zero
    return outcomes


@contextmanager
def stopped_clock(at: datetime) -> Iterator[None]:
    """Let it be the given time for Django and for all that counts seconds."""
    from django.utils import timezone

    with patch.object(timezone, "now", lambda: at), patch.object(time, "time", at.timestamp):
        yield


def run_page(steps: list[dict[str, Any]], *, keep: bool) -> list[dict[str, Any]]:
    """Run the steps of one page; what they change in the database is undone unless ``keep``."""
    from django.conf import settings
    from django.db import transaction
    from django.test.utils import override_settings

    storages = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    loaded = dict(sys.modules)
    with ExitStack() as page:
        page.callback(restore_modules, loaded)
        page.enter_context(chdir(page.enter_context(TemporaryDirectory())))
        # Each page has a new one, so that its files have their own names.
        page.enter_context(override_settings(STORAGES=storages))
        page.enter_context(transaction.atomic())
        namespace: dict[str, Any] = {"__name__": "page"}
        outcomes = [run_step(step, namespace, page) for step in steps]
        transaction.set_rollback(not keep)
        return outcomes


def restore_modules(loaded: dict[str, ModuleType]) -> None:
    for name in set(sys.modules) - set(loaded):
        if getattr(sys.modules[name], "__file__", None) is None:
            del sys.modules[name]


def run_step(step: dict[str, Any], namespace: dict[str, Any], page: ExitStack) -> dict[str, Any]:
    """Run one step; an exception is part of the outcome."""
    try:
        match step["kind"]:
            case "request":
                return send(step)
            case "check":
                return {"output": check()}
            case "command":
                return {"output": run_command(step["words"])}
            case "tool":
                return run_tool(step, namespace)
            case _:
                return {"error": run_code(step, namespace, page)}
    except Exception:  # noqa: BLE001 - whatever it is, the test reports it at its place
        return {"error": traceback.format_exc(), "status": 0, "body": "", "output": ""}


def send(step: dict[str, Any]) -> dict[str, Any]:
    """Send a request through Django's test client."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    headers = {**step["headers"]}
    content_type = headers.pop("Content-Type", "application/json")
    with CaptureQueriesContext(connection) as statements:
        response = Client(enforce_csrf_checks=True).generic(
            step["method"], step["url"], step["body"], content_type=content_type, headers=headers
        )
    return {
        "status": response.status_code,
        "headers": dict(response.items()),
        "body": response.getvalue().decode(),
        "statements": len(statements),
    }


def check() -> str:
    """Return what ``manage.py check`` prints."""
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError

    output = io.StringIO()
    try:
        call_command("check", stdout=output, stderr=output, no_color=True)
    except SystemCheckError as error:
        output.write(str(error))
    return output.getvalue()


def run_command(words: list[str]) -> str:
    """Return what a command prints, and its error."""
    from django.core.management import CommandError, call_command

    output = io.StringIO()
    try:
        call_command(*words, stdout=output, stderr=output, no_color=True)
    except CommandError as error:
        output.write(f"CommandError: {error}\n")
    return output.getvalue()


def run_tool(step: dict[str, Any], namespace: dict[str, Any]) -> dict[str, Any]:
    """Run a tool of agents for a user; the confirmation of a dry run is kept for the next."""
    from django.contrib.auth import get_user_model

    from django_flex.access.actor import Actor
    from django_flex.conf import get_settings
    from django_flex.mcp.callers import admit_caller
    from django_flex.mcp.tools import run_tool

    user = get_user_model().objects.get(username=step["user"])
    arguments = step["arguments"]
    if arguments.get("confirmation") == "…":
        arguments = {**arguments, "confirmation": namespace["confirmation"]}
    result = run_tool(step["tool"], arguments, admit_caller(Actor(user), get_settings()))
    namespace["confirmation"] = json.loads(result.text).get("confirmation")
    return {"status": 200, "headers": {}, "body": result.text, "refused": result.is_error}


def run_code(step: dict[str, Any], namespace: dict[str, Any], page: ExitStack) -> str:
    """Run a block of Python, or a session."""
    if step["kind"] == "pycon":
        return run_doctest(step, namespace)
    return run_python(step, namespace, page)


def run_doctest(step: dict[str, Any], namespace: dict[str, Any]) -> str:
    """Return what is wrong with an interactive session."""
    test = doctest.DocTestParser().get_doctest(
        step["text"], namespace, step["place"], step["place"], 0
    )
    # A doctest clears the namespace that it was given a copy of; the page goes on with it.
    test.globs = namespace
    output = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    failed, _ = runner.run(test, out=output.write, clear_globs=False)
    return output.getvalue() if failed else ""


def run_python(step: dict[str, Any], namespace: dict[str, Any], page: ExitStack) -> str:
    """Execute a block; settings and URLs apply from here on."""
    from django.test.utils import override_settings

    name = step["file"]
    target = make_module(name).__dict__ if name else namespace
    if name == "settings.py":
        target.update(current_settings())
    exec(compile(step["text"], step["place"], "exec"), target)
    namespace.update({key: value for key, value in target.items() if not key.startswith("__")})
    if name == "settings.py":
        settings = {key: without_repeats(target[key]) for key in target if key.isupper()}
        page.enter_context(override_settings(**settings))
        return settings_mistakes() if step["checked"] else ""
    if name == "urls.py":
        page.enter_context(override_settings(ROOT_URLCONF="urls"))
    return ""


def make_module(file: str) -> ModuleType:
    """Return the module of a file that only the page has, its packages included."""
    name = file.removesuffix(".py").replace("/", ".")
    parts = name.split(".")
    for end in range(1, len(parts)):
        package = sys.modules.setdefault(".".join(parts[:end]), ModuleType(parts[end - 1]))
        package.__dict__.setdefault("__path__", [])
    module = sys.modules[name] = ModuleType(name)
    return module


def current_settings() -> dict[str, Any]:
    """Return the lists that a project's settings module would add to."""
    from django.conf import settings

    return {"INSTALLED_APPS": [*settings.INSTALLED_APPS], "MIDDLEWARE": [*settings.MIDDLEWARE]}


def without_repeats(value: Any) -> Any:
    """Return a list with each item once: a page adds what the music shop has already."""
    return list(dict.fromkeys(value)) if isinstance(value, list) else value


def settings_mistakes() -> str:
    """Return what the system checks say about ``DJANGO_FLEX``."""
    from django_flex.checks import check_settings

    return "\n".join(str(message) for message in check_settings() if message.level >= 30)


class ServedByTheClient(urllib.request.HTTPHandler):
    """Lets ``urllib`` reach the project without a server."""

    def http_open(self, request: urllib.request.Request) -> Any:
        assert request.full_url.startswith(HOST), request.full_url
        body: Any = request.data or b""
        headers = {name.title(): value for name, value in request.header_items()}
        headers.pop("Host")  # of a server that is not there
        answer = send(
            {
                "method": request.get_method(),
                "url": request.full_url.removeprefix(HOST),
                "headers": headers,
                "body": body.decode(),
            }
        )
        given = Message()
        for name, value in answer["headers"].items():
            given[name] = value
        stream = io.BytesIO(answer["body"].encode())
        reply: Any = addinfourl(stream, given, request.full_url, answer["status"])
        reply.msg = ""
        return reply


if __name__ == "__main__":
    json.dump(run_pages(json.load(sys.stdin)), sys.stdout)
