"""What callers learn of rows and attributes that they may not see, and reach of other models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.core.checks import Tags, run_checks
from django.test import Client
from pynamodb.attributes import UnicodeAttribute

from django_flex.backends import dynamodb
from django_flex.backends.dynamodb import DynamoBackend, Table, register
from django_flex.backends.dynamodb.tables import resource_of
from django_flex.backends.registry import registered
from django_flex.dynamodb import models
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.models import DynamoModel
from django_flex.dynamodb.transport import current_transport, override_transport
from django_flex.schema.declare import declare
from tests.dynamodb.backend.conftest import GRANT
from tests.dynamodb.faults import FaultTransport
from tests.dynamodb.models import Account, Play
from tests.dynamodb.test_classes_of_a_table import Cat, Pet

pytestmark = pytest.mark.exhaustive


def expose(settings: Any, name: str = "play", **grant: Any) -> None:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {name: {"anon": {**GRANT, **grant}}},
    }


def ask(api: Client, path: str, body: dict[str, Any], method: str = "post") -> tuple[int, Any]:
    found = getattr(api, method)(f"/api/{path}", body, content_type="application/json")
    return found.status_code, found.json()


@pytest.mark.exhaustive
@pytest.mark.parametrize("method", ["post", "patch"])
def test_what_is_wrong_with_a_hidden_attribute_is_not_said(
    api: Client, settings: Any, method: str
) -> None:
    made = DynamoBackend()
    attributes = resource_of(Play, "club.strictplay").attributes.values()
    strict = [replace(one, null=False) if one.name == "size" else one for one in attributes]
    resource = declare("club.strictplay", strict, unique=[["listener", "moment"]])
    made.tables["club.strictplay"] = Table(model=Play, resource=resource)
    Play.objects.create(listener="ada", moment=1, title="old")
    fields = ["pk", "listener", "moment", "title"]
    body = {"listener": "ada", "moment": 2} if method == "post" else {"title": "new"}
    path = "strictplay/" if method == "post" else "strictplay/ada~1"
    with registered(made, resource):
        expose(settings, "strictplay", fields=fields, filters=fields, order_by=fields)
        hidden = ask(api, path, body, method)
        expose(settings, "strictplay")
        shown = ask(api, path, body, method)

    assert (400, ["size"]) == (shown[0], [*shown[1]["fields"]])
    assert (400, {"__all__": ["invalid"]}) == (hidden[0], hidden[1]["codes"])
    assert "size" not in str(hidden)


def test_of_a_list_with_a_row_that_is_denied_nothing_is_said_of_the_others(
    api: Client, settings: Any
) -> None:
    expose(settings, rows={"genre": "rock"})
    Play.objects.create(listener="ada", moment=1, genre="jazz")
    transport = FaultTransport(inner=current_transport())
    denied = {"listener": "ada", "moment": 9, "genre": "pop"}

    with override_transport(transport):
        taken, free = (
            ask(
                api,
                "play/",
                {"_items": [{"listener": "ada", "moment": n, "genre": "rock"}, denied]},
            )
            for n in (1, 2)
        )

    assert 403 == taken[0]
    assert taken == free
    assert [] == transport.operations


def test_a_cursor_behind_a_hidden_row_does_not_tell_that_it_is_still_the_same(
    backend: DynamoBackend, api: Client, settings: Any
) -> None:
    expose(settings, rows={"skipped": True})
    backend.tables["club.play"] = replace(backend.tables["club.play"], max_evaluated=3)
    Play.objects.bulk_create([Play(listener="ada", moment=n) for n in range(6)], mode="batch")
    query = {"_action": "list", "filters": {"listener": "ada"}, "fields": "moment", "limit": 2}

    pages = [ask(api, "play/", query)[1]["pagination"]["next"] for _ in range(2)]

    assert pages[0]["cursor"] != pages[1]["cursor"]
    assert len(pages[0]["cursor"]) == len(pages[1]["cursor"])
    following = [ask(api, "play/", {**one, "_action": "list"})[0] for one in pages]
    assert [200, 200] == following


def test_a_list_of_keys_may_have_several_of_each_hash(api: Client) -> None:
    keys = [f"{name}~{n}" for name in ("ada", "bob") for n in range(3)]
    Play.objects.bulk_create(
        [Play(listener=name, moment=n) for name in ("ada", "bob") for n in range(5)], mode="batch"
    )
    transport = FaultTransport(inner=current_transport())

    with override_transport(transport):
        status, found = ask(
            api, "play/", {"_action": "list", "filters": {"pk.in": keys}, "fields": "moment"}
        )

    assert (200, keys) == (status, [*found["results"]])
    assert ["BatchGetItem"] == transport.operations


def test_a_model_that_shares_its_table_is_not_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row rules of one would not hold for what the other reaches."""
    monkeypatch.setattr(models, "dynamodb_model_classes", [])
    monkeypatch.setattr(dynamodb, "dynamodb_model_classes", models.dynamodb_model_classes)

    class OneOfTwo(DynamoModel):
        owner = UnicodeAttribute(hash_key=True)

        class Meta:
            table_name = "shared"

    class OtherOfTwo(DynamoModel):
        owner = UnicodeAttribute(hash_key=True)

        class Meta:
            table_name = "shared"

    assert describe(OneOfTwo).table.name == describe(OtherOfTwo).table.name
    with pytest.raises(TypeError, match="OtherOfTwo"):
        register(OneOfTwo, "club.oneoftwo")
    assert "club.oneoftwo" not in dynamodb.backend.tables


def shared(name: str, **meta: Any) -> Any:
    """Return a model of one table."""
    members = {
        "__module__": __name__,
        "owner": UnicodeAttribute(hash_key=True),
        "Meta": type("Meta", (), {"table_name": "shared", **meta}),
    }
    kind: Any = type(DynamoModel)
    return kind(name, (DynamoModel,), members)


@pytest.fixture
def no_models(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has been imported."""
    monkeypatch.setattr(models, "dynamodb_model_classes", [])
    monkeypatch.setattr(dynamodb, "dynamodb_model_classes", models.dynamodb_model_classes)


def test_a_model_that_is_imported_after_its_table_was_exposed_is_an_error(no_models: None) -> None:
    register(shared("OneOfTwo"), "club.oneoftwo")
    assert [] == dynamodb.check_tables()
    other = shared("OtherOfTwo")

    [message] = dynamodb.check_tables()
    assert ("django_flex.E011", True) == (message.id, "OtherOfTwo share" in message.msg)
    assert message in run_checks(tags=[Tags.security])
    with pytest.raises(TypeError, match="share the table"):
        register(other, "club.otheroftwo")


@pytest.mark.parametrize("meta", [{}, {"proxy": True}], ids=["model", "proxy"])
def test_a_proxy_without_a_base_is_exposed_alone(no_models: None, meta: dict[str, Any]) -> None:
    register(shared("OneOfTwo", proxy=True), "club.oneoftwo")
    assert [] == dynamodb.check_tables()

    with pytest.raises(TypeError, match="share the table"):
        register(shared("OtherOfTwo", **meta), "club.otheroftwo")


@pytest.mark.parametrize(
    "said",
    [
        {"region": "eu-west-1"},
        {"host": "https://dynamodb.EU-west-1.amazonaws.com/"},
        {"host": "https://dynamodb-fips.eu-west-1.amazonaws.com"},
        {"host": "https://dynamodb.eu-west-1.api.aws"},
        {"region": "us-east-1", "host": "https://dynamodb.eu-west-1.amazonaws.com"},
        {"region": "us-east-1", "host": "http://localhost:8000"},
        {"region": "EU-WEST-1"},
        {"read_timeout_seconds": 7},
        {"table_name": "arn:aws:dynamodb:eu-west-1:123456789012:table/shared"},
    ],
    ids=str,
)
def test_a_table_is_the_same_however_its_place_is_written(
    said: dict[str, Any], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """What one model names, the other may leave to the settings."""
    settings.PYDJAMODB_DATABASE = {"AWS_REGION": "eu-west-1"}
    monkeypatch.setattr(models, "dynamodb_model_classes", [])
    monkeypatch.setattr(dynamodb, "dynamodb_model_classes", models.dynamodb_model_classes)
    meta: Any = type(DynamoModel)
    models_of_one_table: list[Any] = [
        meta(
            name,
            (DynamoModel,),
            {
                "__module__": __name__,
                "owner": UnicodeAttribute(hash_key=True),
                "Meta": type("Meta", (), {"table_name": "shared"} | more),
            },
        )
        for name, more in (("OneOfTwo", {}), ("OtherOfTwo", said))
    ]

    for model in models_of_one_table:
        with pytest.raises(TypeError, match="share the table"):
            register(model, "club.oneoftwo")
    assert "club.oneoftwo" not in dynamodb.backend.tables


def test_tables_of_two_regions_are_two(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {"AWS_REGION": "eu-west-1"}
    monkeypatch.setattr(models, "dynamodb_model_classes", [])
    monkeypatch.setattr(dynamodb, "dynamodb_model_classes", models.dynamodb_model_classes)
    monkeypatch.setattr(dynamodb.backend, "tables", {})
    monkeypatch.setattr("django_flex.backends.dynamodb.registry.register", lambda *_: None)

    class Here(DynamoModel):
        owner = UnicodeAttribute(hash_key=True)

        class Meta:
            table_name = "shared"

    class There(DynamoModel):
        owner = UnicodeAttribute(hash_key=True)

        class Meta:
            table_name = "shared"
            region = "us-east-1"

    assert describe(Here).table.name == describe(There).table.name
    assert "club.here" == register(Here, "club.here").label


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Nothing is registered, in a project whose tables are in one region."""
    settings.PYDJAMODB_DATABASE = {"AWS_REGION": "eu-west-1"}
    monkeypatch.setattr(dynamodb.backend, "tables", {})
    monkeypatch.setattr("django_flex.backends.dynamodb.registry.register", lambda *_: None)


def test_a_model_has_one_label(alone: None) -> None:
    """The row rules of one entry would not hold for what the other reaches."""
    register(Play, "club.play")
    register(Play, "club.play", max_fanout=3)

    with pytest.raises(TypeError, match=r"Play is club\.play already"):
        register(Play, "club.every_play")
    with pytest.raises(TypeError, match=r"club\.play is Play already"):
        register(Account, "club.play")
    assert {"club.play": 3} == {
        name: one.max_fanout for name, one in dynamodb.backend.tables.items()
    }


def test_neither_proxies_nor_children_are_registered_beside_their_base(alone: None) -> None:
    class Recent(Play):
        class Meta:
            proxy = True

    with pytest.raises(TypeError, match="share the table"):
        register(Recent, "club.recent")
    register(Play, "club.play")
    with pytest.raises(TypeError, match="share the table"):
        register(Recent, "club.recent")
    for kind in (Pet, Cat):
        with pytest.raises(TypeError):
            register(kind, "club.pet")
