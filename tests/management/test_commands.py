"""``manage.py flex_export`` and ``flex_explain``."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from django_flex.management.commands.flex_explain import drawn
from tests.doors.fronts import EVERYTHING

EXPOSE = {
    "booking": {
        "authenticated": {**EVERYTHING, "rows": {"urgent": True}, "fields": ["id", "status"]},
        "anon": {**EVERYTHING, "ops": ["get"]},
    }
}


@pytest.fixture(autouse=True)
def entries(configure: Any, bookings: None) -> None:
    configure(EXPOSE, MAX_LIMIT=1, RATE_LIMIT=1)
    get_user_model().objects.create_user(username="luis", pk=77)


class Bytes(io.TextIOWrapper):
    """Standard output of a process."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO())

    def written(self) -> bytes:
        self.flush()
        self.seek(0)
        return bytes(self.buffer.read())


def export(*arguments: str, **options: Any) -> bytes:
    output = Bytes()
    call_command("flex_export", "booking", *arguments, stdout=output, **options)
    return output.written()


def explain(*arguments: str) -> str:
    output = io.StringIO()
    call_command("flex_explain", "booking", *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize("user", ["luis", "77"])
@pytest.mark.parametrize("option", ["--user", "--role-user"])
def test_export_gives_what_the_user_may_see(user: str, option: str) -> None:
    found = [json.loads(line) for line in export(option, user).splitlines()]

    assert [
        {"id": 1, "status": "confirmed"},
        {"id": 4, "status": "cancelled"},
        {"id": 6, "status": "pending"},
    ] == found


def test_export_takes_the_parts_of_a_query(tmp_path: Path) -> None:
    target = tmp_path / "bookings.csv"

    export(
        "--user=luis",
        "--fields=status, id",
        '--filters={"id.gt": 1}',
        "--order-by=-id",
        "--limit=1",
        "--format=csv",
        f"--output={target}",
    )

    assert [["status", "id"], ["pending", "6"]] == list(csv.reader(target.read_text().splitlines()))


def test_export_without_permissions_has_everything() -> None:
    found = export("--unrestricted", "--fields=id, price").splitlines()

    assert 6 == len(found)


def test_progress_is_told_when_asked() -> None:
    told = io.StringIO()

    export("--user=luis", "--progress", stderr=told)

    assert told.getvalue().startswith("3 rows, ")
    assert "rows/s" in told.getvalue()


def test_progress_is_not_told_to_a_file() -> None:
    told = io.StringIO()

    export("--user=luis", stderr=told)

    assert "" == told.getvalue()


FAILURES = {
    "field": (["--user=luis", "--fields=price"], "field 'price' not accessible"),
    "operation": ([], "operation 'list' not allowed"),
    "user": (["--user=nobody"], "There is no user 'nobody'"),
    "json": (["--filters={"], "not a JSON object"),
    "no-object": (["--filters=[]"], "not a JSON object"),
    "version": (["--api-version=v9"], "There is no version 'v9'"),
}


@pytest.mark.parametrize(("arguments", "text"), FAILURES.values(), ids=FAILURES)
def test_failures_are_command_errors(arguments: list[str], text: str, tmp_path: Path) -> None:
    target = tmp_path / "rows"
    with pytest.raises(CommandError, match=text):
        export(*arguments, f"--output={target}")

    assert not target.exists()


@pytest.mark.parametrize("format_", ["ndjson", "csv"])
def test_export_that_breaks_off_fails(format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_args: Any) -> Any:
        yield [(1, "x")]
        raise ZeroDivisionError

    monkeypatch.setattr("django_flex.backends.orm.reading.streams._chunks", failing)

    with pytest.raises(CommandError, match="Internal error"):
        export("--user=luis", f"--format={format_}")


@pytest.mark.parametrize("command", ["flex_export", "flex_explain"])
def test_model_that_does_not_exist(command: str) -> None:
    with pytest.raises(CommandError, match="no such model"):
        call_command(command, "nothing", stdout=Bytes())
    with pytest.raises(CommandError, match="Which model"):
        call_command(command, "nothing", "--unrestricted", stdout=Bytes())


def test_explain_draws_a_tree() -> None:
    found = explain('{"fields": "status", "filters": {"id": 3}}', "--user=luis").splitlines()

    assert "list booking as authenticated" == found[0]
    assert "├─ cost: 3 of 1,000,000" == found[1]
    assert any("EXPOSE['booking']['authenticated'], rows: data" in line for line in found)
    assert any("SQL: SELECT" in line for line in found)
    assert all(line.startswith(("├─ ", "│  ", "└─ ", "   ")) for line in found[1:])


def test_explain_can_measure() -> None:
    assert "; 3 rows in " not in explain('{"limit": 1}', "--user=luis")
    assert "; 1 rows in " in explain('{"limit": 1}', "--user=luis", "--analyze")


def test_explain_says_that_nothing_is_run() -> None:
    assert "none: no row can match" in explain('{"filters": {"id.in": []}}', "--unrestricted")


def test_explain_refuses_what_the_user_may_not() -> None:
    with pytest.raises(CommandError, match="not accessible"):
        explain('{"fields": "price"}', "--user=luis")


def test_tree_nests() -> None:
    assert [
        "├─ a",
        "│  ├─ b: 1",
        "│  └─ c",
        "│     └─ x",
        "├─ d: []",
        "└─ e",
        "   └─ 1",
        "      └─ f: 2",
    ] == list(drawn({"a": {"b": 1, "c": ["x"]}, "d": [], "e": [{"f": 2}]}))
