"""An asynchronous stack: Django's databases are synchronous, so a request goes to their thread once."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import SyncToAsync, async_to_sync
from django.test import AsyncRequestFactory

from django_flex import FlexQuery
from django_flex.middleware import FlexQueryMiddleware
from django_flex.views import AsyncFlexQueryView
from tests.doors.fronts import EVERYTHING, grant
from tests.testapp.models import Booking


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect each call that goes to another thread."""
    found: list[Any] = []
    call = SyncToAsync.__call__

    async def counted(self: SyncToAsync[..., Any], *args: Any, **kwargs: Any) -> Any:
        found.append(self.func)
        return await call(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    return found


async def middleware(query: str) -> Any:
    async def nothing(_request: Any) -> Any:
        raise AssertionError

    response: Any = FlexQueryMiddleware(nothing)(
        AsyncRequestFactory().get(f"/api/booking/?{query}")
    )
    return await response


async def view(query: str) -> Any:
    class Bookings(AsyncFlexQueryView):
        model = Booking
        flex_permissions = {"anon": {**EVERYTHING, "fields": ["id", "lines.quantity", "tags.date"]}}
        require_auth = False

    return await Bookings.as_view()(AsyncRequestFactory().get(f"/?{query}"))


@pytest.mark.parametrize("door", [middleware, view])
def test_a_read_with_lists_goes_to_the_thread_of_the_database_once(bookings, configure, hops, door):
    configure(EXPOSE=grant(fields=["*", "lines.quantity", "tags.date"]))
    response = async_to_sync(door)("fields=id,lines.quantity,tags.date")

    assert response.status_code == 200
    assert len(hops) == 1


def test_code_that_awaits_a_query_goes_there_once(bookings, configure, hops):
    configure(EXPOSE=grant())
    result = async_to_sync(FlexQuery("booking").aexecute)({"_action": "list", "fields": "id"})

    assert result.ok
    assert len(hops) == 1
