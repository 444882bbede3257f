"""This package as a Directus server, in this process, where the stand-in is one otherwise."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import httpx2
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

from tests.conftest import continue_after
from tests.dialects.directus.asking import GRANT
from tests.essays.models import Essay, Writer

EXPOSE: dict[str, Any] = {
    "essay": {"url_name": "posts", "anon": {**GRANT, "search": ["title"]}},
    "writer": {"url_name": "authors", "anon": {**GRANT, "search": ["name"]}},
}


class ProjectServer:
    """The test project; ``asked`` has each request as it arrived."""

    def __init__(self, settings: Any) -> None:
        self.asked: list[httpx2.Request] = []
        urls: Any = ModuleType("urls")
        urls.urlpatterns = [path("", include("django_flex.contrib.directus.urls"))]
        settings.ROOT_URLCONF = urls
        settings.MIDDLEWARE = []
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}
        authors = [Writer(id=1, name="Ada"), Writer(id=2, name="Bob")]
        Writer.objects.bulk_create(authors)
        Essay.objects.bulk_create(
            Essay(id=n, title=f"T{n}", views=n * 10, author=authors[n % 2]) for n in range(1, 7)
        )
        continue_after(Writer, Essay)

    def transport(self) -> Any:
        return Recorded(self.asked)


class Recorded(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Hands requests to the project, and writes them down; for both clients."""

    def __init__(self, asked: list[httpx2.Request]) -> None:
        application: Any = get_asgi_application()
        self.asked = asked
        self.plain = httpx2.WSGITransport(get_wsgi_application())
        self.asynchronous = httpx2.ASGITransport(application)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        return self.plain.handle_request(request)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        return await self.asynchronous.handle_async_request(request)
