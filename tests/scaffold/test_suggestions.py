"""What is suggested for a model, which grants nothing before somebody edits it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from django_flex.checks import messages_of
from django_flex.conf import build_configuration, get_settings
from django_flex.scaffold.models import UnknownAppError, choose, entry_keys
from django_flex.scaffold.suggestions import Surroundings, suggest, write_suggestions
from django_flex.schema.declare import declare
from django_flex.schema.registry import Schema
from django_flex.schema.resources import Attribute
from tests.scaffold.test_source import HOSTILE, as_formatted

#: The lines of a suggestion: what is behind the comment sign is a grant, and not a sentence.
SUGGESTION = re.compile(r'^( {8})# (?=["\]} ])', re.MULTILINE)


def around(schema: Schema | None = None, depth: int = 2) -> Surroundings:
    found = schema or get_settings().policy.schema
    guard = get_settings().policy.guard
    return Surroundings(schema=found, guard=guard, users="auth.user", depth=depth)


def labels() -> list[str]:
    """Return the labels of every model of the tests, however odd, and of Django's own."""
    return [one._meta.label_lower for one in apps.get_models() if not one._meta.proxy]


def exposed(text: str) -> dict[str, Any]:
    [assigned] = [node for node in ast.parse(text).body if isinstance(node, ast.Assign)]
    found: dict[str, Any] = ast.literal_eval(assigned.value)
    return found


def test_nothing_is_granted_before_it_is_edited() -> None:
    found = exposed(write_suggestions(labels(), around()))

    assert set(entry_keys(labels()).values()) >= found.keys()
    assert {()} | {("url_name",)} == {tuple(one) for one in found.values()}
    configuration = build_configuration({"EXPOSE": found})
    policy = configuration.versions[None].policy
    assert [] == [one.name for one in policy.entries.values() if one.grants]
    assert [] == [one for one in messages_of(configuration) if one.level > 20]


@pytest.mark.exhaustive
def test_every_suggestion_is_a_grant_that_the_checks_take() -> None:
    text = SUGGESTION.sub(r"\1", write_suggestions(labels(), around()))
    found = exposed(text)

    configuration = build_configuration({"EXPOSE": found})
    policy = configuration.versions[None].policy
    grants = [grant for entry in policy.entries.values() for grant in entry.grants.values()]
    assert {"session"} == found.keys() - {e.name for e in policy.entries.values() if e.grants}
    assert len(grants) > 30
    assert [] == [one for one in messages_of(configuration) if one.level > 20]


def test_both_texts_are_as_ruff_would_format_them(tmp_path: Path) -> None:
    text = write_suggestions(labels(), around())

    assert as_formatted(text, tmp_path) == text
    edited = SUGGESTION.sub(r"\1", text)
    assert as_formatted(edited, tmp_path) == edited


@pytest.mark.exhaustive
def test_the_text_is_the_same_each_time() -> None:
    first = write_suggestions(labels(), around(Schema()))
    assert first == write_suggestions(labels(), around(Schema()))


def test_rows_are_those_of_the_user_by_the_shortest_way() -> None:
    rows = {
        label: suggest(around().schema.find(label), around())[1].get("rows")
        for label in ("testapp.booking", "testapp.line", "testapp.team", "auth.user", "testapp.tag")
    }
    assert rows == {
        "testapp.booking": {"created_by": {"$user": "id"}},
        "testapp.line": {"booking.created_by": {"$user": "id"}},
        "testapp.team": {"members": {"$user": "id"}},
        "auth.user": {"id": {"$user": "id"}},
        "testapp.tag": None,
    }


def test_other_ways_and_what_is_guarded_are_said() -> None:
    text = write_suggestions(["testapp.booking", "auth.user"], around())

    assert "# Other ways to users: team.members\n" in text
    guarded = "password, is_superuser, is_staff"
    assert f"# Guarded, so that only its name grants it: {guarded}\n" in text
    assert '"password"' not in text


def test_a_model_without_a_way_to_users_is_said_to_show_all_rows() -> None:
    assert "this would show all rows" in write_suggestions(["testapp.tag"], around())
    assert "this would show all rows" not in write_suggestions(["testapp.booking"], around())


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_name_ends_the_text_that_it_is_in(name: str, tmp_path: Path) -> None:
    label = f"odd.{name.lower()}"
    columns = [Attribute(name="id", lookup="id", kind="integer", primary_key=True)]
    columns += [Attribute(name=name, lookup="x", kind="text", length=20)] if name else []
    odd = declare(label, columns)
    schema = Schema({label: odd})

    text = write_suggestions([label], around(schema))

    assert list(exposed(text).values()) == [{}]
    if name != "\ud800":
        assert as_formatted(text, tmp_path) == text


def test_models_are_those_of_the_projects_own_apps() -> None:
    chosen = choose([], "auth.user")

    assert "testapp.booking" in chosen.labels
    assert "auth.user" in chosen.labels
    assert "auth.group" not in chosen.labels
    assert "django_tasks_database" in chosen.left_out


def test_models_are_those_of_the_apps_that_are_named() -> None:
    assert {one.partition(".")[0] for one in choose(["clubs"], "auth.user").labels} == {"clubs"}
    with pytest.raises(UnknownAppError, match="club"):
        choose(["club"], "auth.user")


def test_a_name_that_models_share_is_no_key() -> None:
    keys = entry_keys(["testapp.booking", "testapp.page", "testapp.tag"])
    assert keys["testapp.booking"] == "booking"
    assert [] == [
        key
        for label, key in entry_keys(labels()).items()
        if key not in {label, label.split(".")[1]}
    ]
