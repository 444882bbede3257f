"""A project for a server to serve: ``gunicorn tests.performance.served:wsgi``, ``uvicorn …:asgi``."""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

from tests.performance import project
from tests.performance.contenders import CONTENDERS
from tests.performance.contenders.settings import APPS, settings_of

_module = CONTENDERS[os.environ["FLEX_PERFORMANCE_SERVED"]].module
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
if _module == "flex":
    MIDDLEWARE.append("django_flex.middleware.FlexQueryMiddleware")
FOUND = settings_of(_module, {})
if _module == "flex":
    # The same rows in the wire form of Directus, for the section that compares the two.
    versions = {"cms": {"path": "/cms/", "DIALECT": "directus"}}
    FOUND = {**FOUND, "DJANGO_FLEX": {**FOUND["DJANGO_FLEX"], "VERSIONS": versions}}
SETTINGS: dict[str, Any] = {
    **FOUND,
    "ROOT_URLCONF": "tests.performance.urls",
    "MIDDLEWARE": MIDDLEWARE,
}
project.set_up(APPS.get(_module, ()), SETTINGS)
wsgi = get_wsgi_application()
asgi = get_asgi_application()
