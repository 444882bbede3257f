"""``flex_init --from-drf`` on the API of django-oscar, which somebody else wrote."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core import checks
from django.core.management import call_command
from oscar.core.loading import get_model
from rest_framework.test import APIClient

from django_flex import FlexQuery
from django_flex.management.commands.flex_init import expose_of


@pytest.fixture(scope="module")
def written() -> tuple[str, str]:
    """What is printed, and what is said about it."""
    printed, said = io.StringIO(), io.StringIO()
    call_command("flex_init", "--from-drf", stdout=printed, stderr=said)
    return printed.getvalue(), said.getvalue()


@pytest.fixture
def exposed(written: tuple[str, str], settings: Any) -> dict[str, Any]:
    expose = dict(expose_of(written[0]))
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": expose,
        "DEFAULT_SHAPE": "list",
    }
    return expose


def test_the_settings_pass_the_checks(exposed: dict[str, Any]) -> None:
    found = checks.run_checks(tags=None, databases=None)
    ours = [one for one in found if str(one.id).startswith("django_flex.")]
    assert [] == [one for one in ours if one.level >= checks.WARNING]
    assert {"product", "category", "country"} <= exposed.keys()


def test_the_diff_leaves_the_path_of_the_other_api_alone(written: tuple[str, str]) -> None:
    assert '+    "MIDDLEWARE_PATH": "/flex/",' in written[1].splitlines()


def test_visitors_get_what_the_api_shows_and_nothing_else(
    db: None, exposed: dict[str, Any]
) -> None:
    kind = get_model("catalogue", "ProductClass").objects.create(name="Book", slug="book")
    for title in ("Emma", "Persuasion"):
        get_model("catalogue", "Product").objects.create(title=title, product_class=kind)

    theirs = json.loads(APIClient().get("/api/products/").content)
    fields = exposed["product"]["anon"]["fields"]
    reply = FlexQuery("product").execute({"fields": "id, title, structure"}).to_dict()
    detail = json.loads(APIClient().get("/api/products/1/").content)

    assert [(row["id"], row["title"]) for row in theirs] == [
        (row["id"], row["title"]) for row in reply["results"]
    ]
    assert {path.split(".")[0] for path in fields} <= detail.keys()


def test_what_needs_a_user_is_for_nobody_else(db: None, exposed: dict[str, Any]) -> None:
    for model in ("basket", "order", "useraddress"):
        result = FlexQuery(model).execute({})
        assert result.status_code in {401, 404}, model


def test_what_is_code_is_reported(written: tuple[str, str]) -> None:
    assert "oscarapi.views.login.LoginView: POST: 'post' is code of the view" in written[1]
    assert "ProductPrice: GET: 'get' is code of the view" in written[1]
