"""The conformance cases once more, with the models of the tests stored in memory.

A case whose query needs what the memory backend lacks is refused, and skipped; all others have to pass.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from zlib import crc32

import pytest
from django.apps import apps
from django.test.utils import CaptureQueriesContext

from django_flex.backends.registry import registered
from django_flex.plan.capabilities import Capabilities
from tests.doors import fronts
from tests.memory.backend import MemoryBackend
from tests.memory.tables import Tables, copies

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
#: Of the cases by ``execute``, one in so many is run by default; of those by other doors fewer.
SHARE = 3
OTHER_DOORS = 24
REFUSED = pytest.StashKey[list[str]]()


class Mirror(MemoryBackend):
    """Copies the rows of a test out of its database when a request begins."""

    def begin(self) -> None:
        self.tables = copies()


@pytest.fixture(autouse=True)
def memory(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, db: None
) -> Iterator[None]:
    """Have the models of the tests stored in memory."""
    if request.node.get_closest_marker("sql"):
        pytest.skip("about SQL")
    backend = Mirror(Tables())
    ran = fronts.Door.ran

    def counted(captured: CaptureQueriesContext) -> Sequence[str]:
        log, backend.log = backend.log, []
        return [*ran(captured), *log]

    monkeypatch.setattr(fronts.Door, "ran", staticmethod(counted))
    _note_refusals(request.node.stash.setdefault(REFUSED, []), monkeypatch)
    with registered(backend, *LABELS):
        yield


def _note_refusals(refused: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    require = Capabilities.require

    def noted(self: Capabilities, name: str, path: str | None) -> None:
        if not getattr(self, name):
            refused.append(name)
        require(self, name, path)

    monkeypatch.setattr(Capabilities, "require", noted)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a case whose query needs what the backend lacks."""
    try:
        return (yield)
    except Exception:
        refused = item.stash.get(REFUSED, [])
        if not refused:
            raise
        missing = ", ".join(sorted(set(refused)))
    pytest.skip(f"the backend lacks {missing}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Try some cases by ``execute``, and few by the other doors: all of them with ``--exhaustive``."""
    if config.getoption("exhaustive"):
        return
    here = [item for item in items if item.path.parent == HERE]
    left_out = [item for item in here if not _is_chosen(item)]
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


def _is_chosen(item: pytest.Item) -> bool:
    values = getattr(getattr(item, "callspec", None), "params", {}).values()
    doors = [
        value for value in values if isinstance(value, type) and issubclass(value, fronts.Door)
    ]
    usual = not doors or fronts.Execute in doors
    return crc32(item.nodeid.encode()) % (SHARE if usual else OTHER_DOORS) == 0
