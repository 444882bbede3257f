"""The method QUERY (RFC 10008), and batches of reads: safe, and so without a CSRF token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.http.conftest import KINDS, Site, make_acme
from tests.testapp.models import Company

#: Each door, with a URL of it that reads by QUERY.
URLS = {
    "middleware": "/api/company/",
    "middleware-key": "/api/company/1",
    "middleware-word": "/api/company/query",
    "async-middleware": "/api/company/",
    "endpoint": "/api/?_model=company",
    "urls": "/data/company/",
    "view": "/own/",
    "view-key": "/own/1",
    "async-view": "/own/",
    "decorator": "/own/",
    "viewset": "/own/",
    "viewset-key": "/own/1",
}
READS: list[dict[str, Any]] = [
    {"_model": "company", "fields": "name"},
    {"_model": "company", "_action": "get", "_id": 1, "fields": "name"},
]
REPLIES = {"results": [{"results": {"1": {"name": "Acme"}}}, {"name": "Acme"}]}
WRITE = {"_model": "company", "_action": "edit", "_id": 1, "name": "New"}
#: Batches in which something writes, and where.
WRITES: dict[str, tuple[Any, str]] = {
    "only": ([WRITE], "_batch[0]"),
    "last": ([*READS, WRITE], "_batch[2]"),
    "add": ([{"_model": "company", "_action": "create", "name": "New"}], "_batch[0]"),
    "by-filter": (
        [*READS, {"_model": "company", "_action": "bulk_delete", "filters": {}}],
        "_batch[2]",
    ),
    "inside-a-batch": ([{"_model": "company", "_batch": [WRITE]}], "_batch[0]"),
}
#: Where batches are taken: the single endpoint of each kind.
ENDPOINTS = {"endpoint": "/api/", "async-middleware": "/api/", "urls": "/data/"}


@pytest.fixture
def enter(settings: Any, db: None) -> Any:
    """Return a function that gives a browser before a door, with a session."""
    make_acme()

    def make(kind: str, **configured: Any) -> Site:
        site = Site(KINDS[kind.removesuffix("-key").removesuffix("-word")], settings)
        site.configure(**configured)
        site.sign_in()
        return site

    return make


def names() -> list[str]:
    return list(Company.objects.order_by("id").values_list("name", flat=True))


def reply_of(response: Any) -> Any:
    """Return the replies of a batch, without the pages of lists."""
    results = response.json()["results"]
    return {
        "results": [
            {k: v for k, v in one.items() if k != "pagination"} if "pagination" in one else one
            for one in results
        ]
    }


@pytest.mark.parametrize(("kind", "url"), URLS.items(), ids=URLS)
def test_query_without_a_body_is_refused(enter: Any, kind: str, url: str) -> None:
    site = enter(kind)
    response = site.request("QUERY", url)

    assert (400, "request.invalid", "body") == (
        response.status_code,
        response.json()["code"],
        response.json()["path"],
    )
    assert 200 == site.request("QUERY", url, {}).status_code


def test_query_that_does_not_say_what_its_body_is_is_refused(enter: Any) -> None:
    response = enter("middleware").request("QUERY", "/api/company/", "{}", content_type="")

    assert (400, "Content-Type: application/json") == (
        response.status_code,
        response.json()["hint"],
    )


def test_form_is_no_query(enter: Any) -> None:
    kind = "application/x-www-form-urlencoded"
    response = enter("middleware").request("QUERY", "/api/company/", "a=b", content_type=kind)

    assert (415, "request.media_type") == (response.status_code, response.json()["code"])


@pytest.mark.parametrize("method", ["QUERY", "POST"])
@pytest.mark.parametrize(("kind", "url"), ENDPOINTS.items(), ids=ENDPOINTS)
def test_batch_of_reads_needs_no_token(enter: Any, kind: str, url: str, method: str) -> None:
    site = enter(kind)
    response = site.request(method, url, {"_batch": READS})

    assert (200, REPLIES) == (response.status_code, reply_of(response))


def test_batch_of_reads_at_a_view_needs_no_token(enter: Any) -> None:
    response = enter("view").request("POST", "/own/", {"_batch": READS})

    assert (200, REPLIES) == (response.status_code, reply_of(response))


@pytest.mark.parametrize(("batch", "place"), WRITES.values(), ids=WRITES)
def test_write_in_a_batch_by_query_is_refused(enter: Any, batch: Any, place: str) -> None:
    site = enter("endpoint")
    with CaptureQueriesContext(connection) as captured:
        response = site.request("QUERY", "/api/", {"_batch": batch}, X_CSRFToken=site.get_token())

    assert (400, "query.invalid", place) == (
        response.status_code,
        response.json()["code"],
        response.json()["path"],
    )
    assert ["Acme"] == names()
    assert [] == [q["sql"] for q in captured if "company" in q["sql"]]


@pytest.mark.parametrize(("batch", "place"), WRITES.values(), ids=WRITES)
def test_batch_with_a_write_needs_a_token(enter: Any, batch: Any, place: str) -> None:
    response = enter("endpoint").request("POST", "/api/", {"_batch": batch})

    assert (403, "csrf.failed", ["Acme"]) == (
        response.status_code,
        response.json()["code"],
        names(),
    )


NONSENSE: dict[str, Any] = {
    "text": "x",
    "empty": [],
    "no-objects": [1],
    "no-model": [{"fields": "name"}],
    "unknown-action": [{"_model": "company", "_action": "dance"}],
    "action-of-a-reference": [{"_model": "company", "_action": {"$ref": "a.b"}}],
}


@pytest.mark.parametrize("method", ["QUERY", "POST"])
@pytest.mark.parametrize("batch", NONSENSE.values(), ids=NONSENSE)
def test_batch_that_makes_no_sense_is_a_400(enter: Any, batch: Any, method: str) -> None:
    response = enter("endpoint").request(method, "/api/", {"_batch": batch})

    assert 400 == response.status_code
    assert response.json()["path"].startswith("_batch")


@pytest.mark.parametrize("url", ["/api/company/", "/api/company/query", "/api/company/1"])
def test_query_of_one_model_takes_no_batch(enter: Any, url: str) -> None:
    response = enter("middleware").request("QUERY", url, {"_batch": READS})

    assert (400, "query.unknown_key") == (response.status_code, response.json()["code"])


def test_reply_of_a_batch_of_reads_is_that_of_a_read(enter: Any) -> None:
    site = enter("endpoint")
    headers = {"Prefer": "return=minimal"}
    first = site.request("QUERY", "/api/", {"_batch": READS}, **headers)
    again = site.request("QUERY", "/api/", {"_batch": READS}, If_None_Match=first["ETag"])

    assert (200, REPLIES, 304) == (first.status_code, reply_of(first), again.status_code)
    assert "Preference-Applied" not in first.headers


@pytest.mark.parametrize("method", ["QUERY", "POST"])
def test_statements_of_a_batch_are_those_of_its_reads(enter: Any, method: str) -> None:
    site = enter("endpoint")
    with CaptureQueriesContext(connection) as captured:
        site.request(method, "/api/", {"_batch": READS})

    assert 2 == len([q for q in captured if 'FROM "testapp_company"' in _plain(q)])


def _plain(query: Mapping[str, Any]) -> str:
    return str(query["sql"]).replace("`", '"')
