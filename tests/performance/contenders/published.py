"""The django-flex that the package index holds, with the same grants and the same queries."""

# mypy: ignore-errors
# It has the name of this package, and is in an environment of its own.

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from django_flex.middleware import FlexQueryMiddleware
from tests.performance.asked import Asked
from tests.performance.wanted import FIELDS, VALUES

middleware = FlexQueryMiddleware(lambda _request: HttpResponse(status=404))


def view(request: HttpRequest) -> HttpResponse:
    """Answer for nobody in particular; it asks who is there."""
    request.user = AnonymousUser()
    return middleware(request)


def ask(case: str, **wanted: Any) -> Asked | None:
    """Return the request of a case; it has neither lists in rows nor aggregates."""
    match case:
        case "list":
            query = {
                "fields": ",".join(FIELDS),
                "filters.status": "confirmed",
                "order_by": "-created_at",
            }
            return Asked(view=view, url=f"/api/booking/?{urlencode({**query, **wanted})}")
        case "get":
            url = f"/api/booking/{wanted['key']}?{urlencode({'fields': ','.join(FIELDS)})}"
            return Asked(view=view, url=url)
        case "add":
            return Asked(view=view, url="/api/booking/", body=VALUES)
        case _:
            return None
