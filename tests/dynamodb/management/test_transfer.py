"""Exports and imports: each item, as it is, and on from where the last one ended."""

from __future__ import annotations

import json
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_flex.dynamodb.core.encoding import item_of
from django_flex.dynamodb.core.values import BadValueError
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.management.commands import dynamodb_export, dynamodb_import
from django_flex.dynamodb.transport import current_transport, override_transport, send
from tests.dynamodb.faults import FaultTransport, passes, refuse
from tests.dynamodb.models import Play

pytestmark = pytest.mark.exhaustive

VALUES = {
    "s": {"S": 'ä "\n\u2028'},
    "n": {"N": "12345678901234567890.123"},
    "b": {"B": b"\x00\xff"},
    "bs": {"BS": [b"x"]},
    "m": {"M": {"B": {"S": "x"}, "l": {"L": [{"NULL": True}, {"BOOL": False}]}}},
}


def put(number: int, **values: Any) -> None:
    key = {"listener": {"S": "ada"}, "moment": {"N": str(number)}}
    send("PutItem", {"TableName": Play.Meta.table_name, "Item": {**key, **values}})


def items() -> list[Any]:
    found: list[Any] = send("Scan", {"TableName": Play.Meta.table_name})["Items"]
    return sorted(found, key=lambda one: int(one["moment"]["N"]))


def export(path: Path, **options: Any) -> str:
    stderr = StringIO()
    call_command(dynamodb_export.Command(), "play", output=str(path), stderr=stderr, **options)
    return stderr.getvalue()


def load(path: Path, **options: Any) -> str:
    stderr = StringIO()
    call_command(dynamodb_import.Command(), "play", str(path), stderr=stderr, **options)
    return stderr.getvalue()


def test_what_is_exported_and_imported_is_the_same(database: str, tmp_path: Path) -> None:
    path = tmp_path / "plays"
    put(1, **VALUES)
    put(2)
    before = items()

    assert "2 items" in export(path)
    Play.objects.set_hash_key("ada").delete()
    assert "2 lines" in load(path)
    assert before == items()
    assert {"Item": {"listener": {"S": "ada"}, "moment": {"N": "2"}}} in map(
        json.loads, path.read_text().splitlines()
    )


def test_lines_go_to_the_standard_output(
    database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(1, **VALUES)
    before, stdout = items(), StringIO()
    call_command(dynamodb_export.Command(), "tests.dynamodb.models.play", stdout=stdout)
    Play.objects.set_hash_key("ada").delete()
    stdin = TextIOWrapper(BytesIO(stdout.getvalue().encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    call_command(dynamodb_import.Command(), "play", stderr=StringIO())

    assert before == items()


def test_an_export_that_was_cut_goes_on(database: str, tmp_path: Path) -> None:
    path = tmp_path / "plays"
    for number in range(9):
        put(number)
    export(path)
    whole = path.read_bytes()

    for cut in (len(whole) // 2, len(whole), 5):
        path.write_bytes(whole[:cut])
        export(path, resume=True)
        assert whole == path.read_bytes()


def test_pages_of_an_export_that_fails_are_in_the_file(database: str, tmp_path: Path) -> None:
    path = tmp_path / "plays"
    for number in range(6):
        put(number)
    inner = current_transport()

    class Pages:
        """Reads two items at a time, and fails after two pages."""

        left = 2

        def call(self, operation: str, parameters: Any) -> Any:
            if not self.left:
                refuse("AccessDeniedException")(operation, parameters)
            self.left -= 1
            return inner.call(operation, {**parameters, "Limit": 2})

    with override_transport(Pages()), pytest.raises(CommandError, match="AccessDenied"):
        export(path)

    assert 4 == len(path.read_text().splitlines())
    assert "2 items" in export(path, resume=True)
    assert 6 == len(set(path.read_text().splitlines()))


def test_a_file_that_is_there_is_not_changed(database: str, tmp_path: Path) -> None:
    path = tmp_path / "plays"
    path.write_text("something else\n")

    for options in ({}, {"resume": True}):
        with pytest.raises(CommandError):
            export(path, **options)
    assert "something else\n" == path.read_text()


def line(number: int, **values: Any) -> str:
    key = {"listener": {"S": "ada"}, "moment": {"N": str(number)}}
    return json.dumps({"Item": {**key, **values}}) + "\n"


def test_an_import_that_failed_goes_on(database: str, tmp_path: Path) -> None:
    path = tmp_path / "plays"
    path.write_text("".join(map(line, range(60))))
    faults = FaultTransport(
        inner=current_transport(), faults=[passes, refuse("AccessDeniedException")]
    )
    with override_transport(faults), pytest.raises(CommandError, match="--skip 25"):
        load(path)

    assert 25 == len(items())
    assert "35 lines" in load(path, skip=25)
    assert 60 == len(items())


def test_of_two_items_with_one_key_the_later_is_there(database: str, tmp_path: Path) -> None:
    path = tmp_path / "plays"
    path.write_text(line(1, title={"S": "old"}) + line(2) + line(1, title={"S": "new"}))
    load(path)

    assert [{"S": "new"}, None] == [one.get("title") for one in items()]


def test_what_is_before_a_wrong_line_is_written(database: str, tmp_path: Path) -> None:
    path = tmp_path / "plays"
    path.write_text(line(1) + "\n" + line(2) + '{"Item": {}}\n' + line(3))

    with pytest.raises(CommandError, match=r"line 4: the key attribute .* --skip 3"):
        load(path)
    assert 2 == len(items())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '"Item"',
        '{"Item": 1}',
        '{"Item": {"listener": {"S": "a"}, "moment": {"S": "1"}}}',
        '{"Item": {"listener": {"S": ""}, "moment": {"N": "1"}}}',
        '{"Item": {"listener": {"S": "a"}, "moment": {"N": "one"}}}',
        '{"Item": {"listener": "a", "moment": {"N": "1"}}}',
        line(1, x={"B": "no base64"}),
        line(1, x={"SS": []}),
        line(1, x={"SS": [1]}),
        line(1, x={"M": {"y": 1}}),
        line(1, x={"L": [{}]}),
        line(1, x={"Z": "1"}),
        line(1, x={"S": "x" * 500_000}),
        '{"Item": ' * 100_000,
    ],
    ids=range(16),
)
def test_what_is_no_item_is_told(text: str) -> None:
    with pytest.raises(BadValueError):
        item_of(text.encode(), describe(Play).table)


def test_a_model_is_named(database: str) -> None:
    with pytest.raises(CommandError, match="no model is nothing: "):
        call_command(dynamodb_export.Command(), "nothing")


def test_progress_is_told(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in (dynamodb_export, dynamodb_import):
        monkeypatch.setattr(module, "STEP", 30)
    path = tmp_path / "plays"
    path.write_text("".join(map(line, range(70))))

    assert ["50 lines", "70 lines", "70 lines imported"] == load(path).splitlines()
    assert "70 items\n" in export(tmp_path / "again")
