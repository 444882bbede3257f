"""Files of writes that are undone around them, late or in the middle: none stays in the storage."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.db import DatabaseError, connection
from rest_framework.serializers import ModelSerializer

from django_flex.backends.orm.connection import deadlines
from tests.wild.models import Dossier
from tests.writes.uploading import OPEN, URL, image, send, stored, text


@pytest.fixture(autouse=True)
def exposed(open_to_everybody: None, storage: Any, configure: Callable[..., None]) -> None:
    configure(OPEN)


class Clock:
    """The time that deadlines go by: the real one, and what a test adds to it."""

    def __init__(self) -> None:
        self.more = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.more

    def pass_by(self, **_: Any) -> None:
        self.more += 1_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(deadlines, "time", made)
    return made


def adding(code: str, file: str | None = None) -> dict[str, Any]:
    """Return the addition of a dossier, with the file of a part of the form."""
    files = {} if file is None else {"document": {"$file": file}}
    return {"_model": "wild.dossier", "_action": "add", "code": code, **files}


def with_parts(**parts: Any) -> dict[str, Any]:
    return {**OPEN, "wild.dossier": {**OPEN["wild.dossier"], **parts}}


def send_batch(*operations: dict[str, Any], **options: Any) -> Any:
    data = {"_batch": [*operations], **options}
    parts = {"x": text("x.txt"), "y": text("y.txt"), "z": image("z.png")}
    named = {name: one for name, one in parts.items() if f"'$file': '{name}'" in str(data)}
    return send("POST", "/api/", _data=data, **named)


NESTED = {**adding("n", "x"), "scans": [{"file": {"$file": "y"}}]}
BATCHES = {
    "in-the-only-one": [adding("late", "x")],
    "in-the-first": [adding("late", "x"), adding("a", "y")],
    "in-the-last": [adding("a", "x"), adding("late", "y")],
    "in-one-without-a-file": [adding("a", "x"), adding("late")],
    "in-rows-inside": [{**NESTED, "code": "late"}],
    "behind-rows-inside": [NESTED, adding("late")],
    "in-a-list": [
        {
            "_model": "wild.dossier",
            "_action": "add",
            "_items": [
                {"code": "a", "document": {"$file": "x"}},
                {"code": "late", "photo": {"$file": "z"}},
            ],
        }
    ],
}


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("hook", ["before_add", "after_add"])
@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_past_its_deadline_leaves_no_file_of_what_is_undone(
    storage: Any, configure: Any, clock: Clock, name: str, hook: str, atomic: bool
) -> None:
    def late(instance: Dossier, **_: Any) -> None:
        if instance.code == "late":
            clock.pass_by()

    configure(with_parts(hooks={hook: late}))
    status, reply = send_batch(*BATCHES[name], _atomic=atomic)

    assert "backend.timeout" in str(reply)
    assert atomic == (status == 503)
    named: list[Any] = [one.document.name for one in Dossier.objects.all() if one.document]
    named += [scan.file.name for one in Dossier.objects.all() for scan in one.scans.all()]
    assert sorted(named) == stored(storage)
    assert not (atomic and named)


@pytest.mark.parametrize("last", [adding("taken"), {**adding("a", "y"), "number": "x"}])
def test_a_batch_that_fails_after_an_upsert_and_an_edit_leaves_no_file(
    storage: Any, last: dict[str, Any]
) -> None:
    Dossier.objects.create(pk=1_000, code="taken")
    edit = {"_model": "wild.dossier", "_action": "edit", "_id": 1_000, "document": {"$file": "x"}}
    upsert = {**adding("taken", "y"), "_action": "upsert", "_match": "code"}

    status, reply = send_batch(edit, upsert, last)

    assert status in {400, 409}, reply
    assert ([], "") == (stored(storage), Dossier.objects.get().document.name)


def test_a_dry_run_inside_a_batch_leaves_no_file(storage: Any) -> None:
    status, _ = send_batch({**adding("a", "x"), "_dry_run": True}, adding("b", "y"))
    assert status < 300 or Dossier.objects.count() == 0
    kept = [one.document.name for one in Dossier.objects.all()]
    assert kept == stored(storage)


def test_a_file_of_a_stored_row_is_kept_where_a_storage_overwrites(
    storage: Any, settings: Any, configure: Any, clock: Clock
) -> None:
    default = settings.STORAGES["default"]
    options = {**default.get("OPTIONS", {}), "allow_overwrite": True}
    settings.STORAGES = {**settings.STORAGES, "default": {**default, "OPTIONS": options}}
    assert 200 == send_batch(adding("first", "x"))[0]
    assert ["dossiers/x.txt"] == stored(storage)
    configure(with_parts(hooks={"after_add": clock.pass_by}))

    status, reply = send_batch(adding("second", "x"), adding("third", "y"))

    assert 503 == status, reply
    assert ["dossiers/x.txt"] == stored(storage)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("batch", [True, False])
def test_a_commit_that_fails_leaves_no_file(
    storage: Any, monkeypatch: pytest.MonkeyPatch, batch: bool
) -> None:
    def fail() -> None:
        raise DatabaseError

    with monkeypatch.context() as patched:
        patched.setattr(connection, "_commit", fail)
        if batch:
            status, reply = send_batch(adding("a", "x"), adding("b", "y"))
        else:
            status, reply = send("POST", code="a", document=text())

    assert status >= 500, reply
    assert ([], 0) == (stored(storage), Dossier.objects.count())
    assert 201 == send("POST", code="a", document=text())[0]
    assert ["dossiers/a.txt"] == stored(storage)


class _EveryColumn(ModelSerializer[Dossier]):
    class Meta:
        model = Dossier
        fields = ["code", "number", "document"]
        extra_kwargs: ClassVar[Any] = {"code": {"validators": []}}  # the database has to find it


class _FailingLate(_EveryColumn):
    def create(self, validated_data: Any) -> Dossier:
        made = super().create(validated_data)
        if made.code == "veto":
            raise ValueError
        return made


@pytest.mark.parametrize("code", ["taken", "veto", "fine"])
def test_a_serializer_that_fails_while_it_saves_leaves_no_file(
    storage: Any, configure: Any, code: str
) -> None:
    Dossier.objects.create(code="taken")
    configure(with_parts(serializer_class=_FailingLate))

    status, reply = send("POST", code=code, document=text())

    assert (status == 201) == (code == "fine"), reply
    assert (["dossiers/a.txt"] if code == "fine" else []) == stored(storage)
    assert (code == "fine") + 1 == Dossier.objects.count()


def test_an_edit_of_a_file_by_a_serializer_that_fails_keeps_the_old_one(
    storage: Any, configure: Any
) -> None:
    row = send("POST", code="a", document=text())[1]
    Dossier.objects.create(code="taken")
    configure(with_parts(serializer_class=_EveryColumn))
    status, reply = send("PATCH", f"{URL}{row['id']}", code="taken", document=text("b.txt"))
    assert status in {400, 409}, reply
    assert ["dossiers/a.txt"] == stored(storage)
    assert 200 == send("PATCH", f"{URL}{row['id']}", document=text("b.txt"))[0]
    assert ["dossiers/a.txt", "dossiers/b.txt"] == stored(storage)
