"""Use the built distributions as a project would: python -I smoke.py CHECKOUT DIST.

Run by .ci/run in an environment that holds the wheel and nothing else. Flat layout makes this
needed: from the checkout's root, `import django_flex` always works.
"""

from __future__ import annotations

import importlib.metadata
import sys
import tarfile
import zipfile
from pathlib import Path

checkout, dist = (Path(argument).resolve() for argument in sys.argv[1:])

# --- before any settings exist ---
import django_flex  # noqa: E402  # the point is to see when it is imported

home = Path(django_flex.__file__).resolve()
assert "site-packages" in home.parts, home
assert not home.is_relative_to(checkout), home
assert importlib.metadata.version("django-flex") == django_flex.__version__
assert "django" not in sys.modules, "import django_flex must not load Django"

# --- what was packed ---
with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
    packed = wheel.namelist()
assert "django_flex/py.typed" in packed
catalogues = {f"django_flex/locale/{language}/LC_MESSAGES/django.mo" for language in ("de", "fr")}
assert catalogues <= set(packed), catalogues
for name in ("client", "tanstack", "types"):
    assert f"django_flex/codegen/typescript/{name}.ts" in packed, name
for name in ("explorer.js", "explorer.css", "icon.svg", "LICENSES.txt"):
    assert f"django_flex/explorer/static/django_flex/explorer/{name}" in packed, name
assert "django_flex/explorer/templates/explorer.html" in packed
assert not [name for name in packed if "/frontend/" in name]
strangers = {name.split("/")[0] for name in packed if ".dist-info/" not in name} - {"django_flex"}
assert not strangers, strangers
with tarfile.open(next(dist.glob("*.tar.gz"))) as sdist:
    folders = {name.split("/")[1] for name in sdist.getnames() if "/" in name}
missing = {"django_flex", "tests", "docs", "example_project", "CHANGELOG.md", "LICENSE"} - folders
assert not missing, missing

# --- a project ---
import django  # noqa: E402
from django.conf import settings  # noqa: E402

settings.configure(
    ALLOWED_HOSTS=["testserver"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django_flex",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django_flex.middleware.FlexQueryMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="smoke",
    DJANGO_FLEX={
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {
            "user": {
                "anon": {
                    "fields": ["id", "username"],
                    "filters": ["username"],
                    "order_by": ["username"],
                    "ops": ["get", "list"],
                },
            },
        },
    },
)
urlpatterns: list[object] = []
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

call_command("check", fail_level="ERROR")
call_command("migrate", verbosity=0)
ada, bob = (User.objects.create_user(name, password="secret") for name in ("ada", "bob"))
client = Client()


def get(path: str, status: int = 200) -> dict[str, object]:
    response = client.get(path)
    assert response.status_code == status, (path, response.status_code, response.content)
    return response.json()


def row(user: User) -> dict[str, object]:
    return {"id": user.pk, "username": user.username}


results = get("/api/users/?order_by=username")["results"]
assert results == {str(ada.pk): row(ada), str(bob.pk): row(bob)}, results
results = get("/api/users/?filters.username=bob")["results"]
assert results == {str(bob.pk): row(bob)}, results
one = get(f"/api/users/{ada.pk}/")
assert one == row(ada), one
get("/api/users/?fields=password", status=403)

print(f"django-flex {django_flex.__version__} works from {home.parent}")
