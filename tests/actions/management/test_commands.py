"""``run_action``, ``list_actions``, ``check_actions``, ``archive_actions``."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_flex.actions import Example, action
from django_flex.actions.declare.registry import registry
from django_flex.actions.models import ActionEvent
from django_flex.policy.problems import Problem
from tests.testapp.models import Booking


def run(name: str, *arguments: str) -> str:
    output = io.StringIO()
    call_command(name, *arguments, stdout=output, stderr=output)
    return output.getvalue()


# --- run_action -----------------------------------------------------------------------------------


def test_an_action_runs_with_the_permissions_of_a_user(
    grant: Any, bookings: None, user: Any
) -> None:
    grant("confirm")
    data = '{"note": "by phone"}'

    reply = json.loads(
        run("run_action", "booking", "confirm", "--id=1", "--data", data, "--user=vera")
    )

    assert reply == {"id": 1, "status": "confirmed", "seats": Booking.objects.get(pk=1).seats}
    assert ActionEvent.objects.get().actor == user


def test_input_comes_from_a_file(grant: Any, bookings: None, tmp_path: Path) -> None:
    grant("close_all")
    (tmp_path / "input.json").write_text('{"_ids": [1, 2]}')

    reply = json.loads(
        run("run_action", "testapp.Booking", "close_all", f"--data=@{tmp_path}/input.json")
    )

    assert reply["meta"]["succeeded"] == 2


def test_a_dry_run_is_undone(grant: Any, bookings: None) -> None:
    grant("confirm")
    before = Booking.objects.get(pk=2).status

    reply = json.loads(run("run_action", "booking", "confirm", "--id=2", "--dry-run"))

    assert reply["status"] == "confirmed"
    assert Booking.objects.get(pk=2).status == before


@pytest.fixture
def keyed(grant: Any, bookings: None) -> list[str]:
    """The keys that an action which needs one was run with."""
    keys: list[str] = []

    @action(Booking, idempotency="required")
    def book(ctx: Any, booking: Booking) -> dict[str, int]:
        keys.append(ctx.idempotency_key)
        return {"run": len(keys)}

    grant("book")
    return keys


def test_an_action_that_needs_a_key_gets_a_new_one_that_is_told(keyed: list[str]) -> None:
    said = [run("run_action", "booking", "book", "--id=2") for _ in range(2)]

    assert 2 == len(set(keyed))
    assert all(key in text for key, text in zip(keyed, said, strict=True))


@pytest.mark.parametrize("user", [None, "vera"])
def test_the_same_key_runs_once(keyed: list[str], user: str | None, db: None) -> None:
    get_user_model().objects.create_user("vera")
    who = [f"--user={user}"] if user else []

    said = [
        run("run_action", "booking", "book", "--id=2", "--idempotency-key=one", *who) for _ in "12"
    ]

    assert (["one"], said[0]) == (keyed, said[1])


def test_a_dry_run_needs_no_key(keyed: list[str]) -> None:
    run("run_action", "booking", "book", "--id=2", "--dry-run")

    assert [None] == keyed


@pytest.mark.parametrize("key", ["", " ", "é", "x" * 300], ids=["empty", "blank", "accent", "long"])
def test_a_key_that_cannot_be_used_is_refused(keyed: list[str], key: str) -> None:
    with pytest.raises(CommandError, match="Idempotency-Key"):
        run("run_action", "booking", "book", "--id=2", "--idempotency-key", key)
    assert [] == keyed


def test_a_command_does_not_count_against_the_rate_limit(grant: Any, bookings: None) -> None:
    grant("confirm", flex={"RATE_LIMIT": 1})

    for _ in range(3):
        assert json.loads(run("run_action", "booking", "confirm", "--id=1"))["id"] == 1


def test_without_a_grant_it_is_refused_but_not_unrestricted(
    grant: Any, bookings: None, user: Any
) -> None:
    grant()

    with pytest.raises(CommandError, match=r"action\.not_found"):
        run("run_action", "booking", "confirm", "--id=1", f"--user={user.pk}")
    assert json.loads(run("run_action", "booking", "confirm", "--id=1", "--unrestricted"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nothing", "x"], "Which model is 'nothing'", id="model"),
        pytest.param(["booking", "nothing"], "no action 'nothing': confirm, ", id="action"),
        pytest.param(["testapp.Tag", "x"], "it has no actions", id="no-actions"),
        pytest.param(["booking", "confirm", "--api-version=v9"], "no version 'v9'", id="version"),
        pytest.param(["booking", "confirm", "--user=x"], "no user 'x'", id="user"),
        pytest.param(["booking", "confirm", "--data={"], "not a JSON object", id="json"),
        pytest.param(["booking", "confirm", "--data=[]"], "not a JSON object", id="list"),
        pytest.param(["booking", "confirm", "--data=@/nothing"], "No such file", id="file"),
    ],
)
def test_a_mistake_is_reported(db: None, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run("run_action", *arguments)


# --- list_actions ---------------------------------------------------------------------------------


def test_actions_are_listed_with_the_roles_that_may_run_them(grant: Any) -> None:
    grant("confirm")

    lines = run("list_actions", "--resource=booking").splitlines()

    expected = "testapp.booking.confirm(customer, note, seats)  instance, prod  granted to anon"
    assert expected in lines
    assert any(line.startswith("testapp.booking.move(") and "nobody" in line for line in lines)


def test_actions_of_a_role_are_listed_as_json(grant: Any) -> None:
    grant("confirm", "close_all")

    found = json.loads(run("list_actions", "--role=anon", "--json"))

    assert [("confirm", ["anon"]), ("close_all", ["anon"])] == [
        (one["id"], one["roles"]) for one in found
    ]


def test_without_actions_the_command_says_so() -> None:
    assert run("list_actions", "--role=nothing") == "There are no such actions.\n"


# --- check_actions --------------------------------------------------------------------------------


def example(name: str = "usual", **payload: Any) -> tuple[Example, ...]:
    return (Example(name=name, payload=payload),)


def register_examples() -> None:
    @action(Booking, examples=example(note="x"))
    def noted(ctx: Any, booking: Booking, note: str) -> Booking:
        booking.status = note
        booking.save()
        ctx.on_commit(lambda: pytest.fail("it was undone"))
        return booking

    @action(Booking, scope="bulk", examples=example())
    def noted_all(ctx: Any, bookings: list[Booking]) -> None:
        assert len(bookings) == 3

    @action(Booking, scope="collection", examples=example(), idempotency="required")
    def counted(ctx: Any) -> dict[str, int]:
        return {"count": Booking.objects.count()}

    risky = action(Booking, id="risky", atomic=False, examples=example("risky"))
    risky(lambda ctx, booking: pytest.fail("it cannot be undone"))


def test_examples_are_run_and_undone(bookings: None) -> None:
    register_examples()
    before = list(Booking.objects.order_by("pk").values())

    said = run("check_actions", "--run-examples")

    assert "testapp.booking.noted, example 'usual': runs" in said
    assert "testapp.booking.noted_all, example 'usual': runs" in said
    assert "testapp.booking.counted, example 'usual': runs" in said
    assert "example 'risky': not run: it cannot be rolled back" in said
    assert before == list(Booking.objects.order_by("pk").values())
    assert not ActionEvent.objects.exists()


def test_without_rows_there_is_nothing_to_try(db: None) -> None:
    @action(Booking, examples=example())
    def touched(ctx: Any, booking: Booking) -> None: ...

    said = run("check_actions", "--run-examples")

    assert "not run: there is no row to try it on" in said


def test_examples_are_compared_with_the_input(db: None) -> None:
    @action(Booking, examples=example(nota="x"))
    def noted(ctx: Any, booking: Booking, note: str = "") -> None: ...

    with pytest.raises(CommandError, match="there is no input nota"):
        run("check_actions")


def test_an_example_that_fails_is_told(bookings: None) -> None:
    @action(Booking, examples=example(number="no number"))
    def numbered(ctx: Any, booking: Booking, number: int) -> None: ...

    assert "its input is known" in run("check_actions")
    with pytest.raises(CommandError, match=r"numbered, example 'usual'.*write\.invalid"):
        run("check_actions", "--run-examples")


def test_actions_that_cannot_be_called_are_told() -> None:
    registry.problems.append(Problem("E022", "It is broken", "some.place", None))

    with pytest.raises(CommandError, match=r"some\.place: It is broken"):
        run("check_actions")


# --- archive_actions --------------------------------------------------------------------------------


@pytest.fixture
def events(db: None) -> datetime:
    """Four events: an hour, two days and three days old, and one that still runs."""
    now = timezone.now()
    for name, age, complete in (
        ("new", timedelta(hours=1), True),
        ("old", timedelta(days=2), True),
        ("older", timedelta(days=3), True),
        ("running", timedelta(days=4), False),
    ):
        ActionEvent.objects.create(
            action_id=name, resource="testapp.booking", complete=complete, created_date=now - age
        )
    return now


def left() -> set[str]:
    return set(ActionEvent.objects.values_list("action_id", flat=True))


def test_old_events_are_deleted_and_counted(events: datetime) -> None:
    assert run("archive_actions") == "2 events archived.\n"
    assert {"new", "running"} == left()


def test_the_setting_of_dj_actions_says_how_old(events: datetime, settings: Any) -> None:
    settings.DJACTION_TTL_MINUTES = 30

    assert run("archive_actions") == "3 events archived.\n"


def test_minutes_go_before_the_setting(events: datetime) -> None:
    assert run("archive_actions", f"--minutes={60 * 24 * 2 + 60}") == "1 events archived.\n"
    assert {"new", "old", "running"} == left()


def test_events_of_the_given_time_are_not_before_it(events: datetime) -> None:
    moment = ActionEvent.objects.get(action_id="old").created_date

    assert run("archive_actions", f"--before={moment.isoformat()}") == "1 events archived.\n"
    assert {"new", "old", "running"} == left()


@pytest.mark.parametrize("text", ["2999-01-01", "2999-01-01T00:00:00", "2999-01-01T00:00:00Z"])
def test_a_time_may_be_a_date(events: datetime, text: str) -> None:
    assert (
        run("archive_actions", f"--before={text}", "--dry-run") == "3 events would be archived.\n"
    )
    assert len(left()) == 4


@pytest.mark.parametrize("text", ["yesterday", "2026-02-31"])
def test_an_invalid_time_is_a_command_error(text: str) -> None:
    with pytest.raises(CommandError, match=f"'{text}' is (not a datetime|out of)"):
        run("archive_actions", f"--before={text}")


def test_events_are_kept_as_lines_of_json(events: datetime, tmp_path: Path) -> None:
    target = tmp_path / "log.jsonl"
    target.write_text('{"action_id": "earlier"}\n')

    run("archive_actions", "--mode=jsonl", f"--output={target}")

    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert {"earlier", "older", "old"} == {one["action_id"] for one in rows}
    assert datetime.fromisoformat(rows[1]["created_date"]).tzinfo is not None
    assert {"new", "running"} == left()


def test_standard_output_has_nothing_but_the_events(events: datetime) -> None:
    output, other = io.StringIO(), io.StringIO()

    call_command("archive_actions", "--mode=jsonl", stdout=output, stderr=other)

    assert {"old", "older"} == {
        json.loads(line)["action_id"] for line in output.getvalue().splitlines()
    }
    assert "2 events archived." in other.getvalue()


def test_a_dry_run_keeps_nothing(events: datetime, tmp_path: Path) -> None:
    target = tmp_path / "log.jsonl"

    said = run("archive_actions", "--mode=jsonl", f"--output={target}", "--dry-run")

    assert said == "2 events would be archived.\n"
    assert not target.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["--minutes=-5"], "-5 minutes are not an age", id="negative"),
        pytest.param(["--minutes=-5", "--dry-run"], "-5 minutes are not an age", id="negative-dry"),
        pytest.param(["--minutes=-999999999999999"], "are not an age", id="very-negative"),
        pytest.param(["--minutes=999999999999999"], "are too many", id="too-many"),
        pytest.param(["--minutes=nan"], "invalid int value", id="nan"),
        pytest.param(["--output={}"], "--output is for --mode jsonl", id="no-mode"),
        pytest.param(["--mode=delete", "--output={}"], "--output is for", id="other-mode"),
        pytest.param(["--output={}", "--dry-run"], "--output is for", id="no-mode-dry"),
        pytest.param(
            ["--before=0001-01-01T00:00:00+14:00"], "out of the range of datetimes", id="too-early"
        ),
        pytest.param(["--minutes=5", "--before=2026-01-01"], "not allowed with", id="both"),
        pytest.param(["--mode=jsonl", "--output={}/none/log"], "No such file", id="no-folder"),
        pytest.param(["--mode=jsonl", "--output={}/.."], "Is a directory", id="folder"),
    ],
)
def test_invalid_arguments_delete_nothing(
    events: datetime, tmp_path: Path, arguments: list[str], told: str
) -> None:
    with pytest.raises(CommandError, match=told):
        run("archive_actions", *(one.format(tmp_path) for one in arguments))

    assert len(left()) == 4


@pytest.mark.parametrize("minutes", [-1, float("nan"), float("inf"), -1e300])
def test_code_may_not_archive_the_future_either(events: datetime, minutes: Any) -> None:
    with pytest.raises(ValueError, match="minutes are"):
        ActionEvent.archive(ttl_minutes=minutes)

    assert len(left()) == 4


def test_events_that_are_not_on_the_disk_are_not_deleted(
    events: datetime, tmp_path: Path, monkeypatch: Any
) -> None:
    target = tmp_path / "log.jsonl"
    target.write_text("a line that was cut off")
    # The first batch is written, then the disk is full.
    answers = iter([None, OSError("No space left on device")])

    def sync(_: int) -> None:
        answer = next(answers)
        if answer is not None:
            raise answer

    monkeypatch.setattr("os.fsync", sync)
    archive = ActionEvent.archive
    monkeypatch.setattr(ActionEvent, "archive", partial(archive, batch=1))

    with pytest.raises(CommandError, match="No space left on device"):
        run("archive_actions", "--mode=jsonl", f"--output={target}")

    cut, *kept = target.read_text().splitlines()
    assert "a line that was cut off" == cut
    assert ["old"] == [json.loads(line)["action_id"] for line in kept]
    assert {"new", "older", "running"} == left()


def test_events_that_end_meanwhile_stay_unless_they_are_kept(events: datetime) -> None:
    kept: list[str] = []

    def keep(found: Any) -> None:
        kept.extend(one.action_id for one in found)
        if len(kept) == 2:
            ActionEvent.objects.filter(action_id="running").update(complete=True)
            ActionEvent.objects.filter(action_id="older").update(complete=False)

    assert 3 == ActionEvent.archive(keep=keep)
    assert {"old", "older", "running"} == {*kept}
    assert {"new", "older"} == left()
