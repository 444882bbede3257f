"""``PYDJAMODB_DATABASE``: its keys, and when it is read."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_flex.dynamodb.configuration import KEYS, compile_configuration, configuration
from django_flex.dynamodb.connection import TableConnection, TestTableConnection
from django_flex.dynamodb.exceptions import DynamoDBQuerySetError
from django_flex.dynamodb.transactions import Transaction, transaction
from django_flex.dynamodb.transport import override_transport
from tests.dynamodb.faults import FaultTransport, refuse, reply
from tests.dynamodb.models import Play

WRITTEN = {
    "HOST": "https://dynamodb.example.com",
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
    "AWS_REGION": "eu-central-1",
    "TABLE_PREFIX": "some-prefix",
    "BILLING_MODE": "PROVISIONED",
    "TAGS": {"tag_name": "tag", "table": "{table_name}"},
    "POINT_IN_TIME_RECOVERY": True,
    "STREAM_SPECIFICATION": {"stream_enabled": True, "stream_view_type": "NEW_IMAGE"},
    "ALLOW_HTTP": True,
    "CONNECT_TIMEOUT": 1.0,
    "READ_TIMEOUT": 2.0,
    "MAX_ATTEMPTS": 3,
    "POOL_SIZE": 4,
    "CURSOR_MAX_AGE": 5.0,
    "TRANSPORT": "botocore",
}


def test_every_key_has_an_effect() -> None:
    found, default = compile_configuration(WRITTEN), compile_configuration({})

    assert KEYS.keys() == WRITTEN.keys()
    assert [] == [one for one in KEYS.values() if getattr(found, one) == getattr(default, one)]


def test_the_template_of_the_readme_is_no_mistake() -> None:
    empty = {"HOST": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_REGION": ""}

    assert compile_configuration({}) == compile_configuration(empty)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"TABLE_PREFX": "x"}, "did you mean 'TABLE_PREFIX'"),
        ({"BILLING_MODE": "FREE"}, "'PAY_PER_REQUEST' or 'PROVISIONED'"),
        ({"AWS_ACCESS_KEY_ID": "x"}, "both"),
        ({"HOST": "127.0.0.1:8000"}, "a URL"),
        ({"TRANSPORT": "pigeon"}, "'direct' or 'botocore'"),
        ({"HOST": "http://db.example.com"}, "use https"),
    ],
)
def test_mistakes_are_told(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=message):
        compile_configuration(written)


@pytest.mark.parametrize("host", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"])
def test_this_machine_needs_no_tls(host: str) -> None:
    assert host == compile_configuration({"HOST": host}).host


def test_other_machines_can_be_reached_without_tls_if_it_is_meant() -> None:
    assert compile_configuration({"HOST": "http://db", "ALLOW_HTTP": True}).host


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(compile_configuration(WRITTEN))


@pytest.mark.exhaustive
def test_models_are_imported_without_settings() -> None:
    code = (
        "import tests.dynamodb.models, tests.dynamodb.test_readme, django_flex.dynamodb.test_runner"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_settings_are_read_anew_after_a_change(settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {"TABLE_PREFIX": "one"}
    first = Play.Meta.table_name, Play._get_connection()
    settings.PYDJAMODB_DATABASE = {"TABLE_PREFIX": "two"}

    assert ("one-play", "two-play") == (first[0], Play.Meta.table_name)
    assert first[1] is not Play._get_connection()
    assert "two" == configuration().table_prefix


def test_a_model_may_say_where_its_table_is(settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {"AWS_REGION": "eu-central-1"}

    class Elsewhere(Play):
        class Meta:
            table_name = "elsewhere"
            region = "us-east-2"
            proxy = True

    assert "us-east-2" == Elsewhere._get_connection().configuration.region
    assert "eu-central-1" == Play._get_connection().configuration.region


def test_querysets_go_where_the_model_says(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PYDJAMODB_DATABASE = {"AWS_REGION": "eu-central-1", "READ_TIMEOUT": 7}

    class Far(Play):
        class Meta:
            table_name = "far"
            region = "us-east-2"
            host = "https://far.example"
            max_retry_attempts = 1
            proxy = True

    asked: list[Any] = []

    def reached(found: Any) -> FaultTransport:
        asked.append((found.region, found.host, found.max_attempts, found.read_timeout))
        return FaultTransport(faults=[reply(Items=[], Count=0, ScannedCount=0, Responses={})])

    monkeypatch.setattr("django_flex.dynamodb.transport._transport", reached)
    of_ada = Far.objects.set_hash_key("ada")

    assert [] == list(of_ada)
    assert 0 == of_ada.all().count()
    assert {} == Far.objects.in_bulk([("ada", 1)])
    Far.objects.create(listener="ada", moment=1)
    with transaction() as writes:
        writes.create(Far(listener="ada", moment=2))
    assert [("us-east-2", "https://far.example", 2, 7)] * 5 == asked
    assert [] == list(Play.objects.set_hash_key("ada"))
    assert ("eu-central-1", None, 4, 7) == asked[-1]


def test_a_transaction_is_in_one_place(settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {"AWS_REGION": "eu-central-1"}

    class Away(Play):
        class Meta:
            table_name = "away"
            region = "us-east-2"
            proxy = True

    writes = Transaction()
    writes.create(Play(listener="ada", moment=1))
    with pytest.raises(DynamoDBQuerySetError, match="one region"):
        writes.create(Away(listener="ada", moment=1))


def test_a_model_may_not_send_requests_without_tls_elsewhere(settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {"AWS_REGION": "eu-central-1"}

    class Bare(Play):
        class Meta:
            table_name = "bare"
            host = "http://far.example"
            proxy = True

    with pytest.raises(ImproperlyConfigured, match="https"):
        len(Bare.objects.set_hash_key("ada"))


def test_new_tables_are_as_the_settings_say(settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = WRITTEN | {"BILLING_MODE": "PAY_PER_REQUEST"}
    transport = FaultTransport(
        faults=[
            reply(),
            reply(Table={"TableStatus": "ACTIVE", "TableName": "some-prefix-x"}),
            reply(),
        ]
    )
    with override_transport(transport):
        TableConnection("x").create_table(
            attribute_definitions=[{"attribute_name": "id", "attribute_type": "S"}],
            key_schema=[{"attribute_name": "id", "key_type": "HASH"}],
        )

    [(_, created), _, (last, recovery)] = transport.sent
    assert "some-prefix-x" == created["TableName"]
    assert "PAY_PER_REQUEST" == created["BillingMode"]
    assert {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"} == created["StreamSpecification"]
    assert {"tag_name": "tag", "table": "some-prefix-x"} == {
        one["Key"]: one["Value"] for one in created["Tags"]
    }
    assert ("UpdateContinuousBackups", "some-prefix-x") == (last, recovery["TableName"])


def test_tables_of_migrations_are_there_and_gone(database: str) -> None:
    table = TableConnection("by_hand")
    assert not table.exists_table()
    table.create_table(
        attribute_definitions=[{"attribute_name": "id", "attribute_type": "S"}],
        key_schema=[{"attribute_name": "id", "key_type": "HASH"}],
        wait=True,
    )
    assert table.exists_table()
    table.delete_table(wait=True)
    assert not table.exists_table()


def test_a_missing_table_is_told_from_other_errors(settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {}
    with override_transport(FaultTransport(faults=[refuse("ResourceNotFoundException")])):
        assert not TableConnection("x").exists_table()


def test_the_connection_of_a_test_has_a_name_of_its_own(settings: Any) -> None:
    settings.PYDJAMODB_DATABASE = {"TABLE_PREFIX": "p"}

    assert "test_p-x" == TestTableConnection(TableConnection("x")).table_name
    assert "test_2_p-x" == TestTableConnection(TableConnection("x"), "2").table_name
