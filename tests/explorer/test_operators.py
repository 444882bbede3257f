"""What superusers may ask of the explorer, and that nobody else may."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client, modify_settings
from django.urls import include, path

from tests.test_checks import urls
from tests.testapp.models import Node

READ = {"fields": ["id", "title"], "filters": ["title"], "ops": ["get", "list"]}
EXPOSE = {
    "node": {
        "superuser": {**READ, "ops": ["get", "list", "add", "delete"]},
        "readers": {**READ, "fields": ["title"], "rows": {"title": "visible"}},
    }
}


@pytest.fixture(autouse=True)
def project(settings: Any, configure: Any, db: None) -> Any:
    settings.ROOT_URLCONF = urls([path("look/", include("django_flex.explorer.urls"))])
    settings.STATIC_URL = "/static/"
    with modify_settings(INSTALLED_APPS={"append": "django_flex.explorer"}):
        configure(EXPOSE, EXPLORER="everybody")
        Node.objects.create(title="visible")
        Node.objects.create(title="hidden")
        yield


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def reader() -> Client:
    user = User.objects.create_user("rosa", is_staff=True)
    user.groups.add(Group.objects.create(name="readers"))
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, question: Any) -> Any:
    return client.post("/look/operators/", json.dumps(question), content_type="application/json")


QUERY = {"_model": "node", "fields": ["title"], "shape": "list"}
QUESTIONS: list[dict[str, Any]] = [
    {"ask": "matrix"},
    {"ask": "changes"},
    {"ask": "why", "method": "GET", "path": "nodes/"},
    {"ask": "models", "role": "readers"},
    {"ask": "describe", "model": "node", "role": "readers"},
    {"ask": "query", "query": QUERY, "role": "readers"},
    {"ask": "plan", "query": QUERY},
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one["ask"])
def test_only_superusers_get_an_answer(root: Client, reader: Client, question: Any) -> None:
    assert 200 == ask(root, question).status_code
    for client in (reader, Client()):
        refused = ask(client, question)
        assert (404, {"There is nothing at this URL"}) == (
            refused.status_code,
            {refused.json()["error"]},
        )


def test_the_explorer_may_be_closed_to_superusers_as_well(root: Client, configure: Any) -> None:
    configure(EXPOSE, EXPLORER="off")

    assert 404 == ask(root, {"ask": "matrix"}).status_code


def test_the_matrix_has_the_reason_of_each_cell(root: Client) -> None:
    reply = ask(root, {"ask": "matrix"})
    cell = reply.json()["models"]["node"]["readers"]

    assert "private, no-store" == reply["Cache-Control"]
    assert "visible" in cell["rules"]["rows"]
    assert "EXPOSE['node']['readers']['ops']: 'get'" in cell["openings"][0]["by"]


def test_a_query_as_a_role_or_a_user_has_their_rows(root: Client, reader: Client) -> None:
    for somebody in ({"role": "readers"}, {"user": "rosa"}):
        reply = ask(root, {"ask": "query", "query": QUERY, **somebody}).json()
        assert ["visible"] == [row["title"] for row in reply["results"]]
    reply = ask(root, {"ask": "query", "query": {**QUERY, "fields": ["id"]}, "role": "readers"})
    assert (403, "field.denied") == (reply.status_code, reply.json()["code"])


@pytest.mark.parametrize(
    "somebody", [{"role": "superuser"}, {"user": "root"}], ids=["role", "user"]
)
def test_what_is_described_in_the_name_of_others_only_reads(root: Client, somebody: Any) -> None:
    models = ask(root, {"ask": "models", **somebody}).json()["models"]
    assert {"node": {"url": "/api/nodes/", "operations": ["get", "list"]}} == models
    described = ask(root, {"ask": "describe", "model": "node", **somebody}).json()
    assert ["get", "list"] == described["operations"]
    assert {"id", "title"} == set(described["fields"])
    assert not {"inputs", "writable", "nested", "actions"} & set(described)


def test_the_description_is_that_of_the_other_one(root: Client, reader: Client) -> None:
    for somebody in ({"role": "readers"}, {"user": "rosa"}):
        described = ask(root, {"ask": "describe", "model": "node", **somebody}).json()
        assert ("readers", ["title"]) == (described["role"], list(described["fields"]))
    assert {} == ask(root, {"ask": "models"}).json()["models"]
    refused = ask(root, {"ask": "describe", "model": "node"})
    assert (401, "auth.required") == (refused.status_code, refused.json()["code"])
    assert 404 == ask(root, {"ask": "describe", "model": "nope", "user": "rosa"}).status_code


@pytest.mark.parametrize(
    "query",
    [
        {"_model": "node", "_action": "add", "title": "x"},
        {"_model": "node", "_action": "delete", "_id": 1},
        {"_model": "node", "_action": "bulk_delete", "filters": {}},
        {"_batch": [{"_model": "node", "_action": "delete", "_id": 1}]},
        {"_model": "node", "_action": "list", "_batch": []},
        {"_model": "node", "_action": ["delete"]},
    ],
)
@pytest.mark.parametrize("question", ["query", "plan"])
def test_nothing_is_written_in_the_name_of_others(root: Client, query: Any, question: str) -> None:
    reply = ask(root, {"ask": question, "query": query, "user": "root"})

    assert reply.status_code in {400, 403}
    assert 2 == Node.objects.count()


def test_why_names_the_line_that_would_allow_it(root: Client) -> None:
    body = json.dumps({"_model": "node", "fields": ["id"]})
    reply = ask(root, {"ask": "why", "method": "QUERY", "body": body, "role": "readers"})

    assert "'fields'" in reply.json()["text"]


def test_what_has_changed_since_a_matrix(root: Client, configure: Any) -> None:
    before = ask(root, {"ask": "matrix"}).content.decode()
    assert [] == ask(root, {"ask": "changes", "before": before}).json()["changes"]
    configure({"node": {"readers": {**READ, "ops": ["get"]}}}, EXPLORER="everybody")
    found = ask(root, {"ask": "changes", "before": before}).json()["changes"]

    assert {True, False} == {one["opens"] for one in found}
    assert "- readers on node: " in " ".join(one["text"] for one in found)


def test_a_version_is_compared_with_another(root: Client, configure: Any) -> None:
    versions = {"v2": {"path": "/api/v2/", "EXPOSE": {"node": {"readers": READ}}}}
    configure(EXPOSE, EXPLORER="everybody", VERSIONS=versions)

    assert ask(root, {"ask": "changes", "version": "v2"}).json()["changes"]


def test_the_plan_of_a_query_is_told_in_development(reader: Client, settings: Any) -> None:
    assert 404 == ask(reader, {"ask": "plan", "query": QUERY}).status_code
    settings.DEBUG = True
    plan = ask(reader, {"ask": "plan", "query": QUERY}).json()["plan"]
    assert "readers" == plan["role"]
    refused = ask(reader, {"ask": "matrix"})
    assert (400, "one of plan") == (refused.status_code, refused.json()["hint"])


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ({}, "ask"),
        ({"ask": ["matrix"]}, "ask"),
        ({"ask": "query"}, "query"),
        ({"ask": "query", "query": {"_model": 1}}, "_model"),
        ({"ask": "query", "query": QUERY, "role": "nobody"}, "role"),
        ({"ask": "query", "query": QUERY, "user": "nobody"}, "user"),
        ({"ask": "query", "query": QUERY, "user": 5}, "user"),
        ({"ask": "why", "method": "GET", "path": "openapi.json"}, None),
        ({"ask": "why", "method": "OPTIONS", "path": "nodes/"}, "path"),
        ({"ask": "models", "role": "nobody"}, "role"),
        ({"ask": "describe", "model": "node", "user": "nobody"}, "user"),
        ({"ask": "describe", "model": 5}, "model"),
        ({"ask": "changes", "before": "{}"}, "before"),
        ({"ask": "changes", "version": "v9"}, "version"),
        ([], "body"),
    ],
)
def test_a_question_that_has_no_answer(root: Client, question: Any, place: str | None) -> None:
    reply = ask(root, question)
    if place is None:
        assert 200 == reply.status_code
    else:
        assert (400, place) == (reply.status_code, reply.json()["path"])


def test_other_sites_cannot_ask() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))

    assert 403 == ask(client, {"ask": "matrix"}).status_code
    assert 405 == client.get("/look/operators/").status_code


def test_the_log_has_who_asked_in_the_name_of_another_user(
    root: Client, reader: Client, configure: Any, caplog: pytest.LogCaptureFixture
) -> None:
    configure(EXPOSE, EXPLORER="everybody", AUDIT_QUERIES=True)
    rosa, superuser = User.objects.get(username="rosa"), User.objects.get(username="root")
    with caplog.at_level(logging.INFO, "django_flex.audit"):
        for somebody in ({"user": "rosa"}, {"role": "readers"}):
            assert 200 == ask(root, {"ask": "query", "query": QUERY, **somebody}).status_code
        assert 200 == reader.get("/api/node/?fields=title").status_code
    told = [(one["user"], one["operator"], one["door"]) for one in map(_record, caplog.records)]

    assert [
        (rosa.pk, superuser.pk, "explorer"),
        (None, superuser.pk, "explorer"),
        (rosa.pk, None, None),
    ] == told
    assert [True, True, False] == [f"operator={superuser.pk}" in one for one in caplog.messages]


def _record(line: Any) -> dict[str, Any]:
    found: dict[str, Any] = line.flex
    return found
