"""What the log and the signal are told of a request."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from django_flex import FlexQuery
from django_flex.audit import Record
from django_flex.signals import query_executed

pytestmark = pytest.mark.django_db

EXPOSE = {"customer": {"anon": "*"}, "tag": {"anon": {"write_fields": ["slug"], "ops": ["add"]}}}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, configure: Any, bookings: None) -> Any:
    configure(EXPOSE, AUDIT_QUERIES=True)
    caplog.set_level(logging.INFO, logger="django_flex.audit")
    return caplog


def test_a_read_is_one_line_of_names(lines: Any) -> None:
    filters = {"or": [{"name": "Zoe"}, {"not": {"email.icontains": "hidden@"}}]}
    FlexQuery("customer").execute({"fields": "id,name", "filters": filters})
    (line,) = lines.messages
    start, _, milliseconds = line.rpartition(" ms=")
    assert (
        "user=- role=anon version=- model=customer action=list fields=id,name "
        "filters=name,email.icontains written=- rows=4 status=200 code=-"
    ) == start
    assert float(milliseconds) >= 0
    assert "hidden@" not in lines.text
    assert "Zoe" not in lines.text


def test_a_write_names_its_columns_and_no_value(lines: Any) -> None:
    FlexQuery("customer").execute({"_action": "add", "name": "Secret Name", "email": "x@y.example"})
    (record,) = lines.records
    assert ("name", "email") == record.flex["written"]
    assert (1, 201, None) == (record.flex["rows"], record.flex["status"], record.flex["code"])
    assert "Secret Name" not in lines.text


def test_a_guarded_value_that_was_sent_and_refused_is_not_logged(lines: Any) -> None:
    FlexQuery("customer").execute({"_action": "edit", "id": 1, "api_token": "hunter2"})
    (record,) = lines.records
    assert (403, "field.denied") == (record.flex["status"], record.flex["code"])
    assert "hunter2" not in lines.text


def test_a_line_cannot_be_forged(lines: Any) -> None:
    FlexQuery("customer").execute({"fields": "id\nuser=1 role=superuser"})
    (line,) = lines.messages
    assert "\n" not in line


@pytest.mark.parametrize(
    ("spec", "rows"),
    [
        ({}, 4),
        ({"shape": "list", "limit": 2}, 2),
        ({"_id": 1}, 1),
        ({"_action": "aggregate", "aggregate": "count, name.max"}, 1),
        ({"_action": "aggregate", "aggregate": "count", "group_by": "vip"}, 2),
        ({"_id": 99}, 0),
    ],
    ids=["list", "list-of-objects", "get", "totals", "groups", "refused"],
)
def test_a_record_has_the_number_of_rows(lines: Any, spec: Any, rows: int) -> None:
    FlexQuery("customer").execute(spec)
    (record,) = lines.records
    assert rows == record.flex["rows"]


def test_each_operation_of_a_batch_is_told_of(lines: Any) -> None:
    batch = [{"_model": "tag", "_action": "add", "slug": "new"}, {"_model": "customer", "_id": 1}]
    FlexQuery("customer").execute({"_batch": batch})
    told = [(r.flex["model"], r.flex["action"], r.flex["status"]) for r in lines.records]
    assert [("tag", "add", 201), ("customer", "get", 200), ("customer", "batch", 200)] == told


def test_nothing_is_logged_without_the_setting(
    caplog: pytest.LogCaptureFixture, configure: Any, bookings: None
) -> None:
    caplog.set_level(logging.INFO, logger="django_flex.audit")
    configure(EXPOSE)
    FlexQuery("customer").execute({})
    assert [] == caplog.messages


def test_the_signal_brings_the_record_without_the_setting(configure: Any, bookings: None) -> None:
    configure(EXPOSE)
    heard: list[Record] = []

    def hear(sender: Any, record: Record, **_kwargs: Any) -> None:
        heard.append(record)

    query_executed.connect(hear)
    try:
        FlexQuery("customer").execute({"_id": 99})
    finally:
        query_executed.disconnect(hear)
    (record,) = heard
    assert ("get", 404, "object.not_found", 0) == (
        record.action,
        record.status,
        record.code,
        record.rows,
    )
