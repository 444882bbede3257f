"""The doors' conformance cases once more, with the models of the tests stored in DynamoDB.

Which of them apply is decided by the backend alone: a case whose query needs what ``CAPABILITIES`` has
not, or what no key serves, is refused, and such a refusal has to be a 400 with a hint. All others have
to pass. Cases of writes, which look into the database of Django afterwards, are in ``test_writes.py``.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from django.apps import apps
from django.test.utils import CaptureQueriesContext

from django_flex.backends.dynamodb.backend import CAPABILITIES
from django_flex.backends.registry import registered
from django_flex.exceptions import NeedsKeyError, UnsupportedQueryError
from django_flex.plan.capabilities import Capabilities
from tests.doors import fronts
from tests.dynamodb.doors.mirror import Mirror, Stored

LABELS = [
    *(f"testapp.{name}" for name in fronts.MODELS),
    *(
        model._meta.label_lower
        for model in apps.get_app_config("testapp").get_models(include_auto_created=True)
        if model._meta.auto_created
    ),
    "testapp.vipcustomer",
    "auth.user",
]
HERE = Path(__file__).parent
#: Of the cases by ``execute``, and of those by other doors, one in so many is run: by default, and with
#: ``--exhaustive``, where each case by ``execute`` meets one server or the other.
SHARES = {False: (48, 384), True: (2, 32)}
SERVER = re.compile("ministack|dynalite")
#: What the backend lacked in a test, and the replies of it that were refusals of that.
REFUSED = pytest.StashKey[list[str]]()
REPLIES = pytest.StashKey[list[Any]]()


@pytest.fixture(scope="session")
def _stored() -> dict[str, Stored]:
    """What each server has; servers run until the end."""
    return {}


@pytest.fixture(autouse=True)
def mirror(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    server: dict[str, Any],
    _stored: dict[str, Stored],
    settings: Any,
    db: None,
) -> Iterator[Mirror]:
    """Have the models of the tests stored in DynamoDB."""
    if request.node.get_closest_marker("sql"):
        pytest.skip("about SQL")
    needs = request.node.get_closest_marker("needs")
    if needs is not None and not getattr(CAPABILITIES, needs.args[0]):
        pytest.skip(f"the backend lacks {needs.args[0]}")
    name = str(server["name"])
    settings.PYDJAMODB_DATABASE = {key: one for key, one in server.items() if key != "name"}
    # The tables of moto are gone after each test.
    stored = Stored() if name == "moto" else _stored.setdefault(name, Stored())
    backend = Mirror(stored, LABELS)
    ran = fronts.Door.ran

    def counted(captured: CaptureQueriesContext) -> Sequence[str]:
        log, backend.log = backend.log, []
        return [*ran(captured), *log]

    monkeypatch.setattr(fronts.Door, "ran", staticmethod(counted))
    _note_refusals(request.node.stash, monkeypatch)
    with registered(backend, *LABELS):
        yield backend


def _note_refusals(stash: pytest.Stash, monkeypatch: pytest.MonkeyPatch) -> None:
    """Note each capability that is missing, and each error that says so."""
    refused = stash.setdefault(REFUSED, [])
    require, require_word = Capabilities.require, Capabilities._require_word
    needs_key = NeedsKeyError.__init__

    def noted(self: Capabilities, name: str, path: Any) -> None:
        if not getattr(self, name):
            refused.append(name)
        require(self, name, path)

    def noted_word(self: Capabilities, name: str, word: str, words: Any, path: Any) -> None:
        if word not in words:
            refused.append(f"{name}: {word}")
        require_word(self, name, word, words, path)

    def noted_key(self: NeedsKeyError, *args: Any, **options: Any) -> None:
        needs_key(self, *args, **options)
        refused.append(f"key for {self.said.path}")

    monkeypatch.setattr(Capabilities, "require", noted)
    monkeypatch.setattr(Capabilities, "_require_word", noted_word)
    monkeypatch.setattr(NeedsKeyError, "__init__", noted_key)
    _note_replies(stash.setdefault(REPLIES, []), monkeypatch)


def _note_replies(replies: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    request_of = fronts.HttpDoor.request

    def telling(send: Any) -> Any:
        def sent(self: fronts.Door, *args: Any) -> Any:
            status, body, headers = send(self, *args)
            replies.append((status, body))
            return status, body, headers

        return sent

    def request(self: fronts.HttpDoor, *args: Any, **options: Any) -> Any:
        response = request_of(self, *args, **options)
        is_json = "json" in response.headers.get("Content-Type", "")
        if is_json and not response.streaming and response.content:  # that of HEAD is empty
            replies.append((response.status_code, response.json()))
        return response

    for door in (fronts.Execute, fronts.AsyncExecute):
        monkeypatch.setattr(door, "send", telling(door.send))
    monkeypatch.setattr(fronts.HttpDoor, "request", request)


def is_refusal(status: int, body: Any) -> bool:
    """Whether a reply refuses what the backend lacks, and says what works instead."""
    if not isinstance(body, dict) or body.get("code") != UnsupportedQueryError.code:
        return False
    return body.get("status_code", status) == 400 and bool(body.get("hint"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a case whose query needs what the backend lacks, if that is what it is told."""
    try:
        return (yield)
    except Exception:
        refused = item.stash.get(REFUSED, [])
        replies = item.stash.get(REPLIES, [])
        if not (refused and replies and is_refusal(*replies[-1])):
            raise
        missing = ", ".join(sorted(set(refused)))
    pytest.skip(f"the backend lacks {missing}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Try what takes a door, as many cases of it as ``SHARES`` says; files that a run names whole."""
    named = {config.invocation_params.dir / one.partition("::")[0] for one in config.args}
    here = [item for item in items if HERE in item.path.parents and item.path.parent != HERE]
    share = SHARES[config.getoption("exhaustive")]
    left_out = [
        item for item in here if not _is_chosen(item, (1, 1) if item.path in named else share)
    ]
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


def _is_chosen(item: pytest.Item, share: tuple[int, int]) -> bool:
    values = getattr(getattr(item, "callspec", None), "params", {}).values()
    doors = [
        value for value in values if isinstance(value, type) and issubclass(value, fronts.Door)
    ]
    by_execute, by_others = share
    of = by_execute if fronts.Execute in doors else by_others
    number = crc32(SERVER.sub("", item.nodeid).encode()) + ("dynalite" in item.nodeid)
    return bool(doors) and number % of == 0
