"""Several kinds of items in one table: proxies in Python, views behind the API."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from django_flex import FlexQueryView
from django_flex.backends.dynamodb import DynamoBackend
from django_flex.dynamodb.models import dynamodb_model_classes
from django_flex.dynamodb.queryset import DynamoDBManager, DynamoDBQuerySet
from tests.dynamodb.models import Play

pytestmark = pytest.mark.exhaustive

GRANT: dict[str, Any] = {
    "rows": {"listener": "ada", "moment.lt": 2},
    "fields": ["listener", "moment", "plays"],
    "ops": ["get", "list", "add"],
}


class OfEarly(DynamoDBManager):
    def get_queryset(self) -> DynamoDBQuerySet:
        return super().get_queryset().filter(moment__lt=2)


class Early(Play):
    objects: ClassVar[DynamoDBManager] = OfEarly()

    class Meta:
        proxy = True


def fill() -> None:
    Play.objects.bulk_create([Play(listener="ada", moment=n) for n in range(4)], mode="batch")


def test_a_proxy_is_a_kind_of_its_base_and_no_table_of_its_own(database: str) -> None:
    fill()
    found = [*Early.objects.filter(listener="ada")]

    assert [(Early, 0), (Early, 1)] == [(type(one), one.moment) for one in found]
    assert [Play] == [one for one in dynamodb_model_classes if one in {Early, Play}]
    assert (0, {}) == Early.objects.filter(listener="ada", moment=3).delete()
    assert 4 == Play.objects.filter(listener="ada").count()


def test_a_view_has_grants_of_its_own_on_a_table(api: Client, backend: DynamoBackend) -> None:
    fill()
    resource = backend.tables["club.play"].resource

    class EarlyView(FlexQueryView):
        model = resource
        require_auth = False
        allowed_actions: ClassVar = ["get", "list", "add"]
        flex_permissions: ClassVar = {"anon": GRANT}

    def ask(body: Any = None, **place: str) -> tuple[int, str]:
        make = RequestFactory()
        request = make.get("/early/")
        if body is not None:
            request = make.post("/early/", body, content_type="application/json")
        request.user = AnonymousUser()
        response = EarlyView.as_view()(request, **place)
        return response.status_code, response.content.decode()

    status, text = ask()
    assert (200, True, False) == (status, "ada~1" in text, "ada~2" in text)
    assert [200, 404] == [ask(pk=f"ada~{n}")[0] for n in (1, 2)]
    add = {"_action": "add", "listener": "ada"}
    assert [403, 201] == [ask({**add, "moment": n})[0] for n in (2.5, 1.5)]
