"""Forms at the doors that have grants of their own, and through forms and serializers of a project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django import forms
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import models, transaction
from django.http import HttpRequest, JsonResponse
from django.test import AsyncClient, Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import include, path
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import ViewSet

from django_flex import FlexQuery, FlexQueryView, flex_query
from django_flex.contrib.rest_framework import FlexViewSetMixin
from django_flex.exceptions import DuplicateError
from django_flex.views import AsyncFlexQueryView
from tests.wild.models import Dossier
from tests.writes.conftest import GRANT

FILES = {"document": {"types": [".txt"]}, "photo": {}}
OPERATIONS = ("get", "list", "add", "edit")


class DossierView(FlexQueryView):
    model = Dossier
    flex_permissions = {"anon": {**GRANT, "files": FILES}}
    allowed_actions = OPERATIONS
    require_auth = False


class AsyncDossierView(AsyncFlexQueryView):
    model = Dossier
    flex_permissions = {"anon": {**GRANT, "files": FILES}}
    allowed_actions = OPERATIONS
    require_auth = False


class DossierViewSet(FlexViewSetMixin, ViewSet):  # type: ignore[misc]  # as in any project
    queryset = Dossier.objects.all()
    flex_permissions = {"anon": {**GRANT, "files": FILES}}


@flex_query(
    model=Dossier,
    allowed_fields=["id", "code", "document"],
    allowed_actions=OPERATIONS,
    allowed_files=FILES,
    require_auth=False,
)
def decorated(request: HttpRequest, result: Any, query_spec: Any, **_: Any) -> JsonResponse:
    return JsonResponse(result.to_dict(), status=result.status_code)


router = SimpleRouter()
router.register("viewset", DossierViewSet, basename="dossier")
urlpatterns = [
    path("view/", DossierView.as_view()),
    path("view/<int:pk>/", DossierView.as_view()),
    path("async/", AsyncDossierView.as_view()),
    path("async/<int:pk>/", AsyncDossierView.as_view()),
    path("decorated/", decorated),
    path("decorated/<int:pk>/", decorated),
    path("", include(router.urls)),
]


def text(name: str = "a.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"hello", "text/plain")


@pytest.fixture(autouse=True)
def urls(open_to_everybody: None, settings: Any) -> None:
    """Use the URLs of this module."""
    settings.ROOT_URLCONF = __name__


def names() -> list[str]:
    return list(Dossier.objects.order_by("pk").values_list("document", flat=True))


@pytest.mark.parametrize("door", ["view", "async", "decorated", "viewset"])
def test_door_takes_files(door: str) -> None:
    client = Client(raise_request_exception=False)

    def send(method: str, url: str, **parts: Any) -> Any:
        return client.generic(method, url, encode_multipart(BOUNDARY, parts), MULTIPART_CONTENT)

    action = {"_action": "add"} if door in {"view", "async", "decorated"} else {}
    reply = send("POST", f"/{door}/", code="a", document=text(), **action)
    assert reply.status_code in {200, 201}, reply.content
    key = Dossier.objects.get().pk
    assert names()[0].startswith("dossiers/a")

    reply = send("PATCH", f"/{door}/{key}/", document=text("b.txt"))
    assert (200, True) == (reply.status_code, names()[0].startswith("dossiers/b")), reply.content

    refused = send("PATCH", f"/{door}/{key}/", document=text("b.exe"))
    assert (400, ["file_type"]) == (refused.status_code, refused.json()["codes"]["document"])


def test_asynchronous_request_has_files(configure: Callable[..., None], settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.urls"
    configure({"wild.dossier": {"anon": {**GRANT, "files": FILES}}})
    body = encode_multipart(BOUNDARY, {"code": "a", "document": text()})

    async def send() -> Any:
        url = "/api/wild.dossier/?match=code"
        return await AsyncClient().generic("PUT", url, body, MULTIPART_CONTENT)

    reply = async_to_sync(send)()

    assert reply.status_code in {200, 201}, reply.content
    assert names()[0].startswith("dossiers/a")


class DossierForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Dossier
        fields = ("code", "document", "photo")

    def clean_document(self) -> Any:
        file = self.cleaned_data["document"]
        if file and "bad" in file.name:
            raise forms.ValidationError("Bad", code="bad")
        return file


class DossierSerializer(ModelSerializer):  # type: ignore[type-arg]
    class Meta:
        model = Dossier
        fields = ("code", "document")

    def validate_document(self, value: Any) -> Any:
        return DossierForm.clean_document(type("F", (), {"cleaned_data": {"document": value}})())


@pytest.mark.parametrize(
    "code", [{"form_class": DossierForm}, {"serializer_class": DossierSerializer}]
)
def test_form_and_serializer_get_files(
    configure: Callable[..., None], code: dict[str, Any]
) -> None:
    rule = {"check": {"code.ne": "no"}}
    configure({"wild.dossier": {"anon": {**GRANT, "files": FILES, **rule}, **code}})
    execute = FlexQuery("wild.dossier").execute
    before = set(files())

    added = execute({"_action": "add", "code": "a", "document": text()})
    assert 201 == added.status_code, added.data
    assert names()[0].startswith("dossiers/a")
    edited = execute({"_action": "edit", "_id": added.created, "document": text("b.txt")})
    assert (200, True) == (edited.status_code, names()[0].startswith("dossiers/b"))
    kept = set(files())
    assert 2 == len(kept - before)

    refused = execute({"_action": "add", "code": "b", "document": text("bad.txt")})
    assert 400 == refused.status_code, refused.data
    refused = execute({"_action": "add", "code": "no", "document": text("c.txt")})
    assert 403 == refused.status_code, refused.data
    assert kept == set(files())


def files() -> list[str]:
    try:
        return default_storage.listdir("dossiers")[1]
    except FileNotFoundError:
        return []


def test_write_in_a_transaction_of_the_caller_removes_its_files(
    configure: Callable[..., None],
) -> None:
    configure({"wild.dossier": {"anon": {**GRANT, "files": FILES}}})
    before = files()
    with transaction.atomic():
        result = FlexQuery("wild.dossier").execute(
            {"_action": "add", "code": "a", "document": text(), "_dry_run": True}
        )
        assert result.ok
        kept = FlexQuery("wild.dossier").execute(
            {"_action": "add", "code": "b", "document": text()}
        )
    assert kept.ok
    assert 1 == len(files()) - len(before)


def test_upsert_that_is_tried_again_has_its_file(
    configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another request adds the row between our look and our write."""
    configure({"wild.dossier": {"anon": {**GRANT, "files": FILES}}})
    saved = models.Model.save_base
    tries: list[int] = []

    def save_base(self: Any, *args: Any, **kwargs: Any) -> None:
        saved(self, *args, **kwargs)
        tries.append(1)
        if len(tries) == 1:
            raise DuplicateError

    monkeypatch.setattr(models.Model, "save_base", save_base)
    before = files()
    with TemporaryUploadedFile("t.txt", "text/plain", 3, "utf-8") as file:
        file.write(b"abc")
        file.seek(0)
        spec = {"_action": "upsert", "_match": "code", "code": "a", "document": file}
        result = FlexQuery("wild.dossier").execute(spec)

    assert (True, 2, 1) == (result.ok, len(tries), len(files()) - len(before))
    with default_storage.open(names()[0]) as stored:
        assert b"abc" == stored.read()


def test_unrestricted_code_may_store_any_file() -> None:
    execute = FlexQuery(Dossier).unrestricted().execute
    result = execute({"_action": "add", "code": "a", "document": text("a.pdf")})
    assert result.ok, result.data
    result = execute({"_action": "edit", "_id": result.created, "document": names()[0]})
    assert result.ok, result.data
