"""What a project's code raises in the middle of a write, through every door: nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models.signals import m2m_changed, post_save, pre_delete, pre_save
from django.http import Http404
from rest_framework import exceptions as rest
from rest_framework import serializers

from django_flex import FlexQuery
from tests.doors.fronts import EVERYTHING, MODELS, Door, HttpDoor
from tests.testapp.models import Booking, Line, Receipt

FULL = {
    **EVERYTHING,
    "fields": ["*"],
    "ops": ["get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete"],
}
OPEN = {**{name: {"anon": FULL} for name in MODELS}, "receipt": {"anon": FULL}}
OPEN["booking"] = {"anon": {**FULL, "fields": ["*", "tags", "lines.*"]}}
FIELDS = {"quantity": ["Too many."]}
#: name: what is raised; status, code, and messages by field
ERRORS: dict[str, tuple[Exception, int, str, Any]] = {
    "permission": (PermissionDenied("Not today"), 403, "permission.denied", None),
    "by-field": (ValidationError({"quantity": "Too many."}), 400, "write.invalid", FIELDS),
    "of-the-row": (ValidationError("No."), 400, "write.invalid", {"__all__": ["No."]}),
}
#: name: the signal, its sender, and the write
WRITES: dict[str, tuple[Any, Any, tuple[str, Any, dict[str, Any]]]] = {
    "add": (pre_save, Line, ("add", None, {"booking": 1, "product": "x"})),
    "add-items": (post_save, Line, ("add", None, {"_items": [{"booking": 1, "product": "x"}] * 2})),
    "edit": (post_save, Line, ("edit", 1, {"quantity": 9})),
    "bulk-edit": (
        pre_save,
        Line,
        ("bulk_edit", None, {"filters": {"booking": 1}, "_set": {"quantity": 9}}),
    ),
    "delete": (pre_delete, Line, ("delete", 1, {})),
    "delete-items": (pre_delete, Line, ("delete", None, {"_items": [1, 2]})),
    "bulk-delete": (pre_delete, Line, ("bulk_delete", None, {"filters": {"booking": 1}})),
}


@pytest.fixture
def refusing() -> Iterator[Callable[..., None]]:
    """Return a function that connects a receiver that raises."""
    connected: list[tuple[Any, Any, Any]] = []

    def connect(signal: Any, sender: Any, error: Exception) -> None:
        def receiver(**_kwargs: Any) -> None:
            raise error

        signal.connect(receiver, sender=sender)
        connected.append((signal, sender, receiver))

    yield connect
    for signal, sender, receiver in connected:
        signal.disconnect(receiver, sender=sender)


def stored() -> list[Any]:
    through = Booking.tags.through.objects
    rows = [*Line.objects.order_by("pk").values_list(), *Booking.objects.order_by("pk").values()]
    return [*rows, *through.order_by("booking", "tag").values_list("booking", "tag")]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("case", ERRORS)
@pytest.mark.parametrize("name", WRITES)
def test_a_receiver_may_refuse_a_row(
    bookings: None, configure: Any, refusing: Any, name: str, case: str
) -> None:
    error, status, code, fields = ERRORS[case]
    signal, sender, (action, pk, values) = WRITES[name]
    refusing(signal, sender, error)
    configure(OPEN)
    before = stored()
    key = {} if pk is None else {"_id": pk}
    result = FlexQuery("line").execute({"_action": action, **key, **values})
    assert (status, code, fields) == (
        result.status_code,
        result.data["code"],
        result.data.get("fields"),
    )
    assert before == stored()


@pytest.mark.parametrize("case", ["permission", "of-the-row"])
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in-a-transaction"])
def test_each_door_tells_and_nothing_is_written(
    bookings: None, role_door: Door, refusing: Any, case: str, inside: bool
) -> None:
    error, status, code, _ = ERRORS[case]
    signal, _, (_, pk, values) = WRITES["edit"]
    refusing(signal, Line, error)
    before = stored()
    role_door.open("line", OPEN, {})
    with transaction.atomic() if inside else nullcontext():
        found, body, _ = role_door.send_write("edit", "line", pk, dict(values), None)
    assert (status, code) == (found, body["code"])
    assert ("Not today" if status == 403 else "No.") in str(body)
    assert before == stored()


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"tags": ["green"]}, id="links"),
        pytest.param({"lines": {"$add": [{"product": "x"}]}}, id="nested"),
    ],
)
def test_rows_and_links_inside_a_row_undo_all_of_it(
    bookings: None, configure: Any, refusing: Any, spec: dict[str, Any]
) -> None:
    refusing(m2m_changed, Booking.tags.through, PermissionDenied("Not today"))
    refusing(pre_save, Line, PermissionDenied("Not today"))
    configure(OPEN)
    before = stored()
    edit = {"_model": "booking", "_action": "edit", "_id": 1, "status": "new", **spec}
    for asked in (edit, {"_batch": [{**edit, "_id": 2, "tags": ["red"]}, edit]}):
        result = FlexQuery("booking").execute(asked)
        assert (403, "Not today") == (result.status_code, result.data["error"])
        assert before == stored()


@pytest.mark.parametrize("method", ["save", "delete"])
def test_a_method_of_the_model_may_refuse(
    db: None, configure: Any, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def refuse(*_: Any, **_options: Any) -> None:
        raise ValidationError({"total": "Closed."})

    receipt = Receipt.objects.create(number="1", total=1)
    monkeypatch.setattr(Receipt, method, refuse)
    configure(OPEN)
    asked: dict[str, Any] = {"_action": "delete"}
    if method == "save":
        asked = {"_action": "edit", "total": 2}
    result = FlexQuery("receipt").execute({"_id": receipt.pk, **asked})
    assert (400, {"total": ["Closed."]}) == (result.status_code, result.data["fields"])
    assert 1 == Receipt.objects.get().total


def test_code_that_asks_gets_the_exception_itself_and_nothing_is_written(
    bookings: None, configure: Any, refusing: Any
) -> None:
    refusing(post_save, Line, RuntimeError("bug"))
    configure(OPEN)
    before = stored()
    with pytest.raises(RuntimeError, match="bug"):
        FlexQuery("line").execute({"_action": "edit", "_id": 1, "quantity": 9})
    assert before == stored()


def test_anything_else_is_a_logged_500_without_text(
    bookings: None, served: HttpDoor, refusing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    refusing(post_save, Line, RuntimeError("a secret of the code"))
    served.raises = False
    served.open("line", OPEN, {})
    before = stored()
    status, body, _ = served.send_write("edit", "line", 1, {"quantity": 9}, None)
    assert (500, "internal") == (status, body["code"])
    assert "secret" not in str(body)
    assert "a secret of the code" in caplog.text
    assert before == stored()


def test_a_failure_in_a_batch_that_is_not_atomic_takes_no_reply_from_the_others(
    bookings: None, configure: Any, refusing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    refusing(post_save, Line, RuntimeError("a secret of the code"))
    configure(OPEN)
    line = {"_model": "line", "_action": "edit", "_id": 1, "quantity": 9}
    booking = {"_model": "booking", "_action": "edit", "_id": 1, "status": "new", "_fields": "id"}
    result = FlexQuery("booking").execute({"_batch": [booking, line], "_atomic": False})
    assert result.ok, result.error
    first, second = result.data["results"]
    assert {"id": 1} == first
    assert (500, "internal", "_batch[1]") == tuple(
        second[name] for name in ("status_code", "code", "path")
    )
    assert "secret" not in str(second)
    assert "a secret of the code" in caplog.text
    assert 2 == Line.objects.get(pk=1).quantity


class Conflict(rest.APIException):
    """As projects declare one of their own."""

    status_code = 409
    default_detail = "Taken."


class LineSerializer(serializers.ModelSerializer[Line]):
    class Meta:
        model = Line
        fields = ("id", "booking", "product", "quantity")


#: name: what is raised; status, code, and the text or messages by field
OF_REST_FRAMEWORK: dict[str, tuple[Exception, int, str, Any]] = {
    "by-field": (rest.ValidationError({"quantity": ["Too many."]}), 400, "write.invalid", FIELDS),
    "of-the-row": (rest.ValidationError("No."), 400, "write.invalid", {"__all__": ["No."]}),
    "of-no-field": (
        rest.ValidationError({"non_field_errors": ["No."]}),
        400,
        "write.invalid",
        {"__all__": ["No."]},
    ),
    "of-a-hidden-field": (
        rest.ValidationError({"note": ["secret"]}),
        400,
        "write.invalid",
        {"__all__": ["A value that you may not write is missing or invalid."]},
    ),
    "unreadable": (rest.ParseError("What?"), 400, "write.invalid", {"__all__": ["What?"]}),
    "nobody": (rest.NotAuthenticated(), 401, "auth.required", "Authentication required"),
    "denied": (rest.PermissionDenied("Not today"), 403, "permission.denied", "Not today"),
    "missing": (rest.NotFound("secret"), 404, "object.not_found", "Object not found"),
    "missing-page": (Http404("secret"), 404, "object.not_found", "Object not found"),
    "conflict": (Conflict(), 409, "write.conflict", "Taken."),
    "throttled": (rest.Throttled(wait=2.5), 429, "rate_limit.exceeded", "Rate limit exceeded"),
}


@pytest.mark.parametrize("where", ["serializer", "receiver", "hook", "clean"])
@pytest.mark.parametrize("case", OF_REST_FRAMEWORK)
def test_exceptions_of_rest_framework_keep_their_meaning(
    bookings: None,
    configure: Any,
    refusing: Any,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
    where: str,
) -> None:
    error, status, code, told = OF_REST_FRAMEWORK[case]

    def refuse(*_: Any, **_kwargs: Any) -> None:
        raise error

    entry: dict[str, Any] = {"anon": FULL, "exclude": ["note"]}
    if where == "serializer":
        kind = type("Refusing", (LineSerializer,), {"update": refuse})
        entry["serializer_class"] = kind
    elif where == "clean":
        monkeypatch.setattr(Line, "clean", refuse)
    elif where == "hook":
        entry["hooks"] = {"before_edit": [refuse]}
    else:
        refusing(pre_save, Line, error)
    configure({**OPEN, "line": entry})
    before = stored()
    result = FlexQuery("line").execute({"_action": "edit", "_id": 1, "quantity": 9})
    data = result.data
    assert (status, code, told) == (
        result.status_code,
        data["code"],
        data.get("fields", data["error"]),
    )
    assert "secret" not in str(data)
    assert before == stored()


def test_a_fault_of_rest_framework_is_none_of_the_caller(
    bookings: None, configure: Any, refusing: Any
) -> None:
    refusing(pre_save, Line, rest.APIException("a secret of the code"))
    configure(OPEN)
    with pytest.raises(rest.APIException):
        FlexQuery("line").execute({"_action": "edit", "_id": 1, "quantity": 9})


def test_not_authenticated_raised_by_a_receiver_is_a_401_with_a_challenge(
    bookings: None, served: HttpDoor, refusing: Any
) -> None:
    refusing(pre_save, Line, rest.NotAuthenticated())
    served.open("line", OPEN, {})
    status, body, headers = served.send_write("edit", "line", 1, {"quantity": 9}, None)
    assert (401, "auth.required") == (status, body["code"])
    assert "WWW-Authenticate" in headers
