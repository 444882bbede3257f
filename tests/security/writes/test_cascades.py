"""A delete takes no row along that the caller may not delete, and changes none that he may not edit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from django_flex.policy.compile.entries import compile_policy
from django_flex.review import review
from tests.clubs.models import Board, Chart, Label, Note, Remark, Roadmap, Seal, Task

OPEN = {"fields": ["*"], "filters": ["*"], "ops": ["get", "list", "edit", "delete"]}
READ = {**OPEN, "ops": ["get", "list"]}
SEEN = {**OPEN, "rows": {"secret": False}}
BULK = {**OPEN, "ops": [*OPEN["ops"], "bulk_delete", "bulk_edit"]}
STAYS = "A row cannot be deleted while rows depend on it that the role may not delete or edit"
ALL = ["task", "remark", "chart", "note"]


def expose(board: Any = None, **others: Any) -> dict[str, Any]:
    """Return ``EXPOSE``: everything that depends on a board may be deleted, but for what is said."""
    entries = {"board": board or BULK, **dict.fromkeys(ALL, OPEN), "roadmap": OPEN, **others}
    return {name: {"anon": grant} for name, grant in entries.items() if grant is not None}


@pytest.fixture(autouse=True)
def boards(db: None) -> None:
    """One board on which something of each kind depends, one with tasks, and an empty one."""
    Board.objects.bulk_create(Board(id=key, title=f"board {key}") for key in (1, 2, 3))
    Task.objects.create(id=1, board_id=2, title="a")
    Task.objects.create(id=2, board_id=2, title="b", secret=True)
    full = Board.objects.get(pk=1)
    Remark.objects.create(task=Task.objects.create(id=3, board=full))
    Chart.objects.create(id=1, board=full)
    Note.objects.create(about=full, text="n")
    full.labels.add(Label.objects.create(id=1, name="x"))


@pytest.fixture
def delete(configure: Any) -> Any:
    """Delete a board by its key, under an ``EXPOSE``."""

    def ask(key: int, exposed: dict[str, Any], **more: Any) -> Any:
        configure(exposed)
        return FlexQuery(Board).execute({"_action": "delete", "id": key, **more})

    return ask


def status_of(result: Any) -> tuple[int, str]:
    return result.status_code, result.error.code


def counts() -> list[int]:
    return [model.objects.count() for model in (Board, Task, Remark, Chart, Note)]


REFUSED = {
    "no-entry": (1, {"task": None}, set()),
    "no-operation": (1, {"task": READ}, {"task"}),
    "no-grant": (1, {"task": {}}, {"task"}),
    "hidden-row": (2, {"task": SEEN}, {"task"}),
    "narrower-rows": (2, {"task": {**OPEN, "delete": {"rows": {"title": "a"}}}}, {"task"}),
    "beyond-the-first": (1, {"remark": READ}, {"remark"}),
    "generic-relation": (1, {"note": READ}, {"note"}),
    "generic-relation-without-entry": (1, {"note": None}, set()),
    "set-null-without-edit": (1, {"chart": {**OPEN, "ops": ["delete"]}}, {"chart"}),
    "set-null-of-a-column-not-written": (1, {"chart": {**OPEN, "write_fields": []}}, {"chart"}),
    "set-null-of-another-column": (1, {"chart": {**OPEN, "write_fields": ["label"]}}, {"chart"}),
    "set-null-of-rows-not-edited": (
        1,
        {"chart": {**OPEN, "edit": {"rows": {"secret": True}}}},
        {"chart"},
    ),
    "several": (1, {"task": None, "remark": READ, "note": READ}, {"note", "remark"}),
    "cascade-of-another-model": (
        1,
        {"task": READ, "board": {**BULK, "delete": {"cascade": ["remark", "note"]}}},
        {"task"},
    ),
    "cascade-of-no-model": (
        1,
        {"task": READ, "board": {**BULK, "delete": {"cascade": ["tsk"]}}},
        {"task"},
    ),
    "empty-cascade": (1, {"task": READ, "board": {**BULK, "delete": {"cascade": []}}}, {"task"}),
}


@pytest.mark.parametrize(
    ("key", "others", "named"), [pytest.param(*case, id=name) for name, case in REFUSED.items()]
)
def test_delete_that_cascades_to_protected_rows_is_refused(
    delete: Any, key: int, others: dict[str, Any], named: set[str]
) -> None:
    before = counts()
    result = delete(key, expose(**others))
    assert (409, "write.cascade") == status_of(result)
    names = ": rows of " + ", ".join(sorted(named)) if named else ""
    assert f"Other objects depend on this one, and you may not delete or change them{names}" == str(
        result.error
    )
    assert before == counts()


ALLOWED = {
    "all-may-be-deleted": (1, {}),
    "nothing-depends": (3, dict.fromkeys(ALL)),
    "rows-that-may": (2, {"task": {**OPEN, "rows": {"board": 2}}, "remark": None}),
    "links-of-django": (1, {"label": None}),
    "named": (1, {"task": READ, "board": {**BULK, "delete": {"cascade": ["task"]}}}),
    "named-with-app": (1, {"task": None, "board": {**BULK, "delete": {"cascade": "clubs.task"}}}),
    "any": (1, {**dict.fromkeys(ALL), "board": {**BULK, "delete": {"cascade": "*"}}}),
    "star-as-role": (1, {**dict.fromkeys(ALL), "board": "*"}),
    "set-null-may-be-edited": (1, {"chart": {**OPEN, "ops": ["edit"]}}),
    "set-null-by-name": (1, {"chart": None, "board": {**BULK, "delete": {"cascade": ["chart"]}}}),
}


@pytest.mark.parametrize(
    ("key", "others"), [pytest.param(*case, id=name) for name, case in ALLOWED.items()]
)
def test_delete_cascades_to_rows_that_may_be_deleted(
    delete: Any, key: int, others: dict[str, Any]
) -> None:
    result = delete(key, expose(**others))
    assert result.ok, result.error
    assert not Board.objects.filter(pk=key).exists()
    assert not Task.objects.filter(board=key).exists()
    assert 1 == Chart.objects.count()


def test_rows_of_parent_classes_are_part_of_the_row_and_those_of_children_are_not(
    configure: Any,
) -> None:
    Roadmap.objects.create(id=7, title="r")
    configure(expose(board=READ))
    assert FlexQuery(Roadmap).execute({"_action": "delete", "id": 7}).ok
    assert not Board.objects.filter(pk=7).exists()
    Roadmap.objects.create(id=8, title="r")
    configure(expose(roadmap=READ))
    result = FlexQuery(Board).execute({"_action": "delete", "id": 8})
    assert (409, True) == (result.status_code, "roadmap" in str(result.error))


def test_protected_rows_answer_as_before(configure: Any) -> None:
    Seal.objects.create(label_id=1)
    configure({"clubs.label": {"anon": OPEN}})
    result = FlexQuery(Label).execute({"_action": "delete", "id": 1})
    assert (409, "write.conflict") == status_of(result)


WAYS = {
    "list": {"_action": "delete", "_items": [3, 1]},
    "filter": {"_action": "bulk_delete", "filters": {"id.in": [1, 3]}, "_max_affected": 5},
    "dry-run": {"_action": "delete", "id": 1, "_dry_run": True},
    "batch": {"_batch": [{"_model": "board", "_action": "delete", "id": 1}]},
}


@pytest.mark.parametrize("body", WAYS.values(), ids=WAYS)
def test_every_way_to_delete_is_refused(settings: Any, body: dict[str, Any]) -> None:
    found = expose(task=READ)
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": found}
    before = counts()
    sent = json.dumps({"_model": "board", **body})
    response = Client().post("/api/", sent, content_type="application/json")
    assert (409, "write.cascade") == (response.status_code, response.json()["code"])
    assert before == counts()


@pytest.mark.parametrize("verb", [{"$remove": [3]}, {"$set": []}], ids=["remove", "set"])
def test_nested_rows_are_not_removed_with_rows_that_may_not_be_deleted(
    configure: Any, verb: dict[str, Any]
) -> None:
    before = counts()
    configure(expose(task=BULK | {"ops": ["add", "edit", "delete", "get"]}, remark=READ))
    spec = {"_action": "edit", "id": 1, "tasks": verb}
    result = FlexQuery(Board).execute(spec)
    assert (409, "write.cascade") == status_of(result)
    assert before == counts()


def test_code_that_passes_permissions_is_asked_nothing() -> None:
    result = FlexQuery(Board).unrestricted().execute({"_action": "delete", "id": 1})
    assert result.ok


@pytest.mark.parametrize(
    ("others", "more"),
    [
        pytest.param({}, 0, id="nothing-can-be-in-the-way"),
        pytest.param({"board": {**BULK, "delete": {"cascade": "*"}}}, 0, id="opened"),
    ],
)
def test_without_anything_in_the_way_nothing_more_is_asked(
    delete: Any, others: dict[str, Any], more: int
) -> None:
    with CaptureQueriesContext(connection) as django:
        Board.objects.get(pk=3).delete()
    Board.objects.create(id=3, title="again")
    with CaptureQueriesContext(connection) as ours:
        assert delete(3, expose(**others)).ok
    rows = [one["sql"] for one in ours.captured_queries if "clubs_" in one["sql"]]
    plain = [one["sql"] for one in django.captured_queries if "clubs_" in one["sql"]]
    assert len(plain) + more == len(rows)


def test_what_was_collected_to_check_it_is_not_collected_again(delete: Any) -> None:
    exposed = {"task": SEEN, "chart": SEEN}
    with CaptureQueriesContext(connection) as captured:
        assert delete(3, expose(**exposed)).ok
    statements = [one["sql"].replace("`", '"') for one in captured]
    reads = [sql for sql in statements if 'SELECT "clubs_task"' in sql]
    locks = connection.features.has_select_for_update
    assert len(reads) == (2 if locks else 1), reads  # after waiting for locks there may be others
    Board.objects.create(id=4, title="with charts")
    Chart.objects.create(id=4, board_id=4)
    assert delete(4, expose(**exposed)).ok
    assert [None] == [one.board_id for one in Chart.objects.filter(id=4)]


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param({}, [], id="granted"),
        pytest.param(
            {"task": READ, "note": None},
            [f"{STAYS}: clubs.note, clubs.task"],
            id="refused",
        ),
        pytest.param(
            {"chart": {**OPEN, "write_fields": ["label"]}},
            [f"{STAYS}: clubs.chart"],
            id="column-not-written",
        ),
        pytest.param(
            {"task": READ, "board": {**BULK, "delete": {"cascade": ["task"]}}},
            [
                "Rows that the role may not delete or edit are deleted or changed with a row: clubs.task"
            ],
            id="opened",
        ),
        pytest.param({"task": READ, "board": "*"}, [], id="star"),
    ],
)
def test_checks_report_what_a_delete_would_cascade_to(
    others: dict[str, Any], expected: list[str]
) -> None:
    policy, problems = compile_policy(expose(**others))
    assert problems == ()
    found = [one for one in review(policy, require_authentication=False) if one.id == "I004"]
    assert expected == [one.message for one in found if "'board'" in one.place]


def test_cascade_of_a_model_that_does_not_exist_is_an_error() -> None:
    _, problems = compile_policy(expose({**BULK, "delete": {"cascade": ["tsk"]}}))
    assert [("E003", "EXPOSE['board']['anon']['delete']['cascade']")] == [
        (one.id, one.place) for one in problems
    ]
