"""The SDK of Directus for JavaScript against this package, if it is installed somewhere.

``DIRECTUS_SDK`` names folders, with colons between them, in each of which ``npm install @directus/sdk``
was run.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.dialects.directus.asking import GRANT
from tests.essays.server import EXPOSE, ProjectServer

FOLDERS = list(filter(None, os.environ.get("DIRECTUS_SDK", "").split(os.pathsep)))
SESSION = Path(__file__).with_name("sdk_session.mjs")


@pytest.mark.skipif(not FOLDERS, reason="no folder with the SDK is named")
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_session_of_the_sdk(
    folder: str,
    transactional_db: None,
    unused_caches: None,
    settings: Any,
    request: pytest.FixtureRequest,
) -> None:
    settings.STATIC_URL = "/static/"  # which the server of Django's tests needs to start
    live_server = request.getfixturevalue("live_server")
    ProjectServer(settings)
    mine = {**GRANT, "fields": ["id", "email", "first_name"], "rows": {"id": {"$user": "id"}}}
    settings.DJANGO_FLEX = {
        "EXPOSE": {
            **{
                name: {"url_name": entry["url_name"], "authenticated": entry["anon"]}
                for name, entry in EXPOSE.items()
            },
            "user": {"authenticated": mine},
        },
        "AUTHENTICATION": ["django_flex.tokens.authentication.TokenAuthentication"],
    }
    User.objects.create_user("ada", "ada@example.com", "secret pass")
    done = subprocess.run(
        ["node", str(SESSION), live_server.url, folder],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip().splitlines() == ["ok 51 bad 0"], done.stdout + done.stderr
