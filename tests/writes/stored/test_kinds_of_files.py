"""Columns with files of any kind take uploads as Django's forms do, and leave none of a failed write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps

from tests.writes.conftest import GRANT
from tests.writes.uploading import image, send, stored, text

#: What is stored of ``hello`` in ``a.txt``, for each model.
KINDS = {
    "filed": "x/a.txt",
    "textual": "textual/a.txt",
    "digested": "digested/2cf24dba.txt",
    "raised": "raised/upper-a.txt",
    "annex": "papers/a.txt",
    "measured": "measured/a.txt",
}


@pytest.fixture(autouse=True)
def exposed(open_to_everybody: None, storage: Any, configure: Callable[..., None]) -> None:
    grant = {**GRANT, "files": {"file": {"types": [".txt", ".html", ".png"]}}}
    configure({f"wild.{name}": {"anon": grant} for name in (*KINDS, "shut", "late")})


@pytest.mark.parametrize("model", KINDS)
def test_a_file_is_stored_as_its_model_says(storage: Any, model: str) -> None:
    status, row = send("POST", f"/api/wild.{model}/", file=text(), code="x")

    assert 201 == status, row
    assert KINDS[model] == row["file"]["name"] == apps.get_model("wild", model).objects.get().file
    assert [KINDS[model]] == stored(storage)
    assert b"hello" == (storage / KINDS[model]).read_bytes().lower()
    assert 5 == row.get("bytes", 5)

    status, row = send("PATCH", f"/api/wild.{model}/{row['id']}", file=text(content=b"bye"))
    assert 200 == status, row
    assert b"bye" == (storage / row["file"]["name"]).read_bytes().lower()
    assert 3 == row.get("bytes", 3)


@pytest.mark.parametrize("model", KINDS)
def test_a_write_that_fails_leaves_only_what_other_rows_have(storage: Any, model: str) -> None:
    send("POST", f"/api/wild.{model}/", file=text(), code="x")
    rows = [{"code": "y", "file": {"$file": "one"}}, {"code": "x", "file": {"$file": "two"}}]

    status, reply = send(
        "POST",
        f"/api/wild.{model}/",
        _data={"_items": rows},
        one=text(),
        two=text("b.txt", b"other"),
    )

    assert status in {400, 409}, reply
    assert [KINDS[model]] == stored(storage)


def test_what_a_field_refuses_is_an_error_of_it(storage: Any) -> None:
    page = text("a.html", b"<p>", "text/html")
    status, reply = send("POST", "/api/wild.textual/", file=page, code="x")

    assert (400, {"file": ["Only plain text"]}) == (status, reply["fields"])
    assert [] == stored(storage)


@pytest.mark.parametrize("model", ["shut", "late"])
def test_a_field_that_fails_when_its_file_is_stored_leaves_none(storage: Any, model: str) -> None:
    status, reply = send("POST", f"/api/wild.{model}/", file=image(), code="x")

    assert (400, "write.invalid") == (status, reply["code"])
    assert [] == stored(storage)
    assert not apps.get_model("wild", model).objects.exists()
