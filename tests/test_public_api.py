"""What the package promises by name, and what importing it costs."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import django_flex

PUBLIC = [
    "FlexError",
    "FlexQuery",
    "FlexQueryMiddleware",
    "FlexQueryView",
    "FlexResult",
    "flex_query",
]


def test_public_names_are_these() -> None:
    assert PUBLIC == sorted(django_flex.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_is_there_and_has_a_docstring(name: str) -> None:
    found = getattr(django_flex, name)

    assert name == found.__name__
    assert inspect.getdoc(found)


def test_public_names_are_shown_by_dir() -> None:
    assert set(PUBLIC) | {"__version__"} <= set(dir(django_flex))


def test_star_import_gives_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from django_flex import *", names)

    assert set(PUBLIC) <= names.keys()


def test_other_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = django_flex.nothing


def loaded(statement: str) -> set[str]:
    """Return the top packages that a fresh interpreter has loaded after a statement."""
    code = f"{statement}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_needs_no_django_and_no_settings() -> None:
    assert not {"django", "rest_framework"} & loaded("import django_flex")


def test_language_needs_no_django() -> None:
    assert "django" not in loaded("import django_flex.query.filters, django_flex.exceptions")


def test_client_needs_no_django() -> None:
    statement = "from django_flex.client import AsyncClient, Client, Password"
    assert not {"django", "msgspec", "rest_framework"} & loaded(statement)


def test_package_is_typed() -> None:
    from importlib.resources import files

    assert files("django_flex").joinpath("py.typed").is_file()
