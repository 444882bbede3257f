"""Plays of tracks in DynamoDB, beside the models of the SQL database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

pytest.importorskip("moto")
pytest.importorskip("pynamodb")

from moto import mock_aws
from music_shop.database import dynamodb_settings
from music_shop.settings import DJANGO_FLEX, EXPOSE, PLAYS
from shop import plays
from shop.plays import Play
from shop.tour import ANDREW, LUIS, PLAYS_TOUR, Account, TourQuery

from django_flex.backends.dynamodb import DynamoBackend, Table
from django_flex.backends.dynamodb.tables import resource_of
from django_flex.backends.registry import registered

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def table(settings: Any) -> Iterator[None]:
    settings.PYDJAMODB_DATABASE = dynamodb_settings("memory")
    settings.DJANGO_FLEX = {**DJANGO_FLEX, "EXPOSE": {**EXPOSE, "play": PLAYS}}
    backend, resource = DynamoBackend(), resource_of(Play, "shop.play")
    backend.tables[resource.label] = Table(model=Play, resource=resource)
    with mock_aws(), registered(backend, resource):
        assert plays.prepare() == plays.SOLD
        assert plays.prepare() == 0
        yield


def login(account: Account) -> dict[str, str]:
    text = b64encode(f"{account.username}:{account.password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def get(query: TourQuery) -> tuple[int, Any]:
    assert query.account
    response = Client().get(query.path, headers=login(query.account))
    return response.status_code, response.json()


def test_a_customer_sees_his_own_plays() -> None:
    status, found = get(PLAYS_TOUR[0])
    rows = [*found["results"].values()]

    assert (status, len(rows)) == (200, 3)
    assert [row["played_at"] for row in rows] == sorted(
        (row["played_at"] for row in rows), reverse=True
    )
    assert all(key.startswith("luis~") for key in found["results"])


def test_what_no_key_serves_is_refused_with_the_keys() -> None:
    status, found = get(PLAYS_TOUR[1])

    assert (status, found["code"]) == (400, "query.unsupported")
    assert "'device', 'listener'" in found["hint"]


def test_an_index_serves_the_managers() -> None:
    status, found = get(PLAYS_TOUR[2])

    assert (status, len(found["results"])) == (200, 3)
    assert found["pagination"]["count"] == len(range(2, plays.SOLD, 3))


def test_a_customer_adds_plays_of_his_own() -> None:
    body = {"played_at": "2024-02-29T10:00:00Z", "track": 7}
    send: Any = {"content_type": "application/json", "headers": login(LUIS)}

    added = Client().post("/api/plays/", json.dumps(body), **send)
    other = Client().post("/api/plays/", json.dumps({**body, "listener": "jane"}), **send)

    assert added.status_code == 201
    assert added.json()["listener"] == "luis"
    assert other.status_code == 403
    assert Client().get("/api/plays/", headers=login(ANDREW)).status_code == 400


def test_one_variable_switches_it_on() -> None:
    command = [sys.executable, "manage.py", "check", "--fail-level", "WARNING"]
    done = subprocess.run(
        command,
        cwd=Path(__file__).parents[2],
        env={
            **os.environ,
            "DYNAMODB_URL": "memory",
            "DJANGO_SETTINGS_MODULE": "music_shop.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
