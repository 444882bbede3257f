"""The test project for an HTTP server to serve: ``gunicorn …:wsgi``, ``uvicorn …:asgi``.

``FLEX_SERVED`` holds the databases and ``DJANGO_FLEX`` as JSON. Beside the API there is ``/orm/``,
a view of the project that says what state the connection of its thread is in.
"""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

from tests import settings as written

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Rows of a chunk here: few, so that an export of some megabytes takes many chunks.
CHUNK = 20


def wait() -> Any:
    """Return a computed field that takes half a minute in each row behind the first chunks."""
    from django.db.models import BooleanField
    from django.db.models.expressions import RawSQL

    on_postgres = "postgresql" in settings.DATABASES["default"]["ENGINE"]
    sleep = "pg_sleep(30) IS NULL" if on_postgres else "SLEEP(30) = 1"
    sql = f"CASE WHEN name >= 'n040' THEN {sleep} ELSE 1 = 1 END"
    return RawSQL(sql, (), output_field=BooleanField())


def orm(request: HttpRequest) -> JsonResponse:
    """Use the project's own ORM, with a transaction, and tell how its connection is."""
    from django.db import connection, transaction

    from tests.testapp.models import Company

    state: dict[str, Any] = {
        "in_atomic_block": connection.in_atomic_block,
        "needs_rollback": connection.needs_rollback,
        "thread": threading.get_ident(),
    }
    with transaction.atomic():
        made = Company.objects.create(name="of the project")
        made.delete()
    state["autocommit"] = connection.get_autocommit()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT count(*) FROM pg_cursors")
            state["cursors"] = cursor.fetchone()[0]
            cursor.execute("SHOW statement_timeout")
            state["timeout"] = cursor.fetchone()[0]
    return JsonResponse(state)


def set_up() -> None:
    """Set the project up as the environment says."""
    job = json.loads(os.environ["FLEX_SERVED"])
    values = {name: getattr(written, name) for name in dir(written) if name.isupper()}
    flex = job["flex"]
    own = {"DATABASES": job["databases"], "DJANGO_FLEX": flex, "ROOT_URLCONF": __name__}
    middleware = ["django_flex.middleware.FlexQueryMiddleware"]
    settings.configure(**{**values, **own, "MIDDLEWARE": middleware})
    flex["EXPOSE"]["company"]["computed"] = {"wait": wait()}
    django.setup()
    from django_flex.backends.orm.reading import streams

    streams.CHUNK = CHUNK


urlpatterns = [path("orm/", orm)]
if "FLEX_SERVED" in os.environ:
    set_up()
    wsgi = get_wsgi_application()
    asgi = get_asgi_application()
