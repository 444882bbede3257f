"""Random requests with values at the edges of their columns: kept statements against fresh ones."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q
from django.test import override_settings

from django_flex import FlexQuery
from django_flex.backends.orm.prepared import statement_cache
from django_flex.backends.orm.prepared.statements import bind
from django_flex.plan.json_values import encode
from tests.caching import begin_unchecked, cache, uncached
from tests.random_search import SEED
from tests.statements.draws import Asked, Drawn, fill
from tests.statements.size import AGAIN, CASES

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime"),
]
#: Requests of one test.
SOME = 100
RULE: ContextVar[Q | None] = ContextVar("rule", default=None)
GRANT = {
    "fields": ["*", "token", "parent.*", "children.*"],
    "filters": "*",
    "order_by": "*",
    "aggregates": "*",
    "search": ["name", "note", "tag.slug"],
    "write_fields": ["parent"],
    "ops": ["list", "get", "edit", "aggregate"],
}
OPEN = {"fields": "*", "filters": "*", "rows": "*", "ops": ["list", "get"]}
OWN = {"or": {"whole.lte": {"$user": "id"}, "name.startswith": {"$user": "username"}}}
FLEX = {
    "REQUIRE_AUTHENTICATION": False,
    "EXPOSE": {
        "sample": {
            "anon": {**GRANT, "rows": lambda _user, _request: RULE.get() or Q(pk__gt=0)},
            "authenticated": {**GRANT, "rows": OWN},
        },
        "tag": {"anon": OPEN, "authenticated": OPEN},
    },
}


@pytest.fixture(scope="module")
def rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Rows that all requests share: what they change is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        fill()
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Settings for all requests, and no log of what they are refused for."""
    logging.disable(logging.CRITICAL)
    with override_settings(DJANGO_FLEX=FLEX):
        begin_unchecked()
        yield
    logging.disable(logging.NOTSET)


def send(asked: Asked) -> Any:
    """Return what a request gives: its status and reply, or what it raises; nothing is changed."""
    token = RULE.set(asked.rule)
    try:
        with transaction.atomic():
            found = FlexQuery("sample").execute(dict(asked.query), user=asked.user)
            transaction.set_rollback(True)
            return found.status_code, found.to_dict()
    except Exception as error:  # noqa: BLE001 - fields raise what they like
        return 0, {"raised": repr(error)}
    finally:
        RULE.reset(token)


def compare(asked: Asked) -> None:
    """Compare a request with the same where nothing is kept, and the page behind it."""
    status, kept = send(asked)
    with uncached():
        wanted_status, wanted = send(asked)
    following = kept.get("pagination", {}).pop("next", None)
    for reply in (kept, wanted):  # cursors are sealed with a number used once
        reply.get("pagination", {}).pop("next", None)
        reply.get("pagination", {}).pop("prev", None)
    assert (wanted_status, encode(wanted)) == (status, encode(kept)), (asked, AGAIN)
    if following is not None and asked.query.get("cursor") is True:
        compare(Asked({"_action": "list", **following}, asked.rule, asked.user))


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", range(max(1, CASES // SOME)))
def test_cached_statements_give_the_replies_of_uncached_ones(rows: None, number: int) -> None:
    for requests in Drawn(f"{SEED} {number}").shapes(SOME):
        for asked in requests:
            compare(asked)
    wrong = [one for one in cache().entries.values() if one.mismatched]

    assert [] == wrong, AGAIN


@pytest.mark.exhaustive
def test_enough_of_the_statements_come_from_the_cache(
    rows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []

    def noted(*args: Any) -> Any:
        found = bind(*args)
        used.append(found is not None)
        return found

    monkeypatch.setattr(statement_cache, "bind", noted)
    for requests in Drawn("the same in every run").shapes(SOME):
        for asked in requests:
            send(asked)

    assert sum(used) > len(used) / 4
