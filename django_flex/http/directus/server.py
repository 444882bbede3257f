"""What Directus tells of the server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse

from django_flex.plan.json_values import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _ping() -> HttpResponse:
    return HttpResponse(b"pong", content_type="text/plain; charset=utf-8")


def _info() -> HttpResponse:
    # Neither names nor versions: Directus tells the versions to administrators only.
    body = {"data": {"project": {"project_name": "Django", "public_registration": False}}}
    return HttpResponse(encode(body), content_type="application/json")


def _health() -> HttpResponse:
    return HttpResponse(encode({"status": "ok"}), content_type="application/health+json")


#: The replies by the end of the URL.
SERVER: Mapping[str, Callable[[], HttpResponse]] = {
    "ping": _ping,
    "info": _info,
    "health": _health,
}
