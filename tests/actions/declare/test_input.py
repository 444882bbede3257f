"""What may be sent for an action: typed by its signature, form, serializer, dataclass or model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import pydantic
import pytest
from django import forms
from rest_framework import serializers

from django_flex.actions import action
from django_flex.actions.declare.adapters import adapt
from django_flex.actions.declare.signatures import from_signature
from tests.actions.handlers import MoveForm, Reason
from tests.testapp.models import Booking, Customer, Restaurant, VipCustomer


class MoveSerializer(serializers.Serializer[Any]):
    customer = serializers.PrimaryKeyRelatedField(queryset=Customer.objects.all())
    seats = serializers.IntegerField(max_value=9)
    secret = serializers.CharField(required=False, style={"input_type": "password"})


class MoveModel(pydantic.BaseModel):
    seats: int = pydantic.Field(le=9)
    note: str = ""


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"channel": "phone"}, {"channel": "phone"}),
        ({"kind": "b"}, {"kind": "b"}),
        ({"amount": "12.50"}, {"amount": "12.50"}),
        ({"amount": 3}, {"amount": "3"}),
        ({"at": "2026-01-31T12:00:00Z"}, {"at": "2026-01-31T12:00:00Z"}),
        ({"at": "2026-01-31T12:00:00"}, {"at": "2026-01-31T12:00:00Z"}),
        ({"tags": ["red", "blue"]}, {"tags": ["red", "blue"]}),
        ({"numbers": [1, 2]}, {"numbers": [1, 2]}),
        ({"amount": None}, {"amount": None}),
    ],
)
def test_values_are_typed_by_the_signature(rest, grant, sent, expected) -> None:
    grant("typed")

    reply = rest.run("typed", 1, sent)

    assert 200 == reply.status, reply.body
    assert expected == {name: reply.body[name] for name in expected}


@pytest.mark.parametrize(
    "sent",
    [
        {"channel": "pigeon"},
        {"kind": "c"},
        {"amount": "much"},
        {"amount": "NaN"},
        {"at": "yesterday"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"tags": "red"},
        {"tags": [True]},
        {"tags": [{}]},
        {"tags": ["purple"]},
        {"numbers": ["1"]},
        {"numbers": [2**70]},
        {"channel": "nul\0"},
        {"numbers": [[[[1]]]]},
        {"channel": None},
    ],
)
def test_a_value_that_does_not_fit_is_a_400_that_names_it(rest, grant, sent) -> None:
    grant("typed")

    reply = rest.run("typed", 1, sent)

    assert (400, "write.invalid") == (reply.status, reply.code), reply.body
    assert list(sent) == list(reply.body["fields"])


def test_all_that_is_wrong_is_named_at_once(rest, grant) -> None:
    grant("unlock")

    reply = rest.run("unlock", 1, {"password": 5})

    assert {"password", "answer", "nested"} == set(reply.body["fields"])


@pytest.mark.parametrize(
    ("key", "hint"),
    [("note2", "did you mean 'note'?"), ("zzz", "one of customer, note, seats")],
)
def test_an_unknown_input_is_a_400_with_the_near_one(door, grant, key, hint) -> None:
    grant("confirm")

    reply = door.run("confirm", 2, {key: 1})

    assert (400, "query.unknown_key", key, hint) == (
        reply.status,
        reply.code,
        reply.body["path"],
        reply.body["hint"],
    )


@pytest.mark.parametrize("key", ["_idd", "_filters", "_where"])
def test_an_unknown_control_key_is_a_400(door, grant, key) -> None:
    grant("confirm")

    assert (400, key) == (
        door.run("confirm", 2, {key: 1}).status,
        door.run("confirm", 2, {key: 1}).body["path"],
    )


def test_an_input_that_is_sent_twice_is_a_400(rest, grant) -> None:
    grant("confirm")

    assert 400 == rest.run("confirm", 2, {"note": "a", "_input": {"note": "b"}}).status


def test_a_row_is_named_by_its_key(rest, grant) -> None:
    grant("confirm")

    rest.run("confirm", 2, {"customer": 3})

    assert 3 == Booking.objects.get(pk=2).customer_id


@pytest.mark.parametrize("name", ["confirm", "move"])
@pytest.mark.parametrize("key", [2, 99, "x"])
def test_a_row_that_the_caller_may_not_see_cannot_be_named(rest, grant, name, key) -> None:
    grant(
        name,
        others={"customer": {"anon": {"fields": ["name"], "ops": ["get"], "rows": {"vip": True}}}},
    )
    sent = {"customer": key} if name == "confirm" else {"customer": key, "seats": 2}

    reply = rest.run(name, 2, sent)

    assert (400, ["customer"]) == (reply.status, list(reply.body["fields"]))
    assert 2 == Booking.objects.get(pk=2).customer_id


class AnyCustomer(forms.Field):
    """A field of a project, which finds its row itself."""

    def clean(self, value: Any) -> Any:
        found = Customer.objects.filter(pk=value).first()
        if found is None:
            raise forms.ValidationError(f"{value} does not exist.", code="does_not_exist")
        return found


class PairField(forms.MultiValueField):
    def __init__(self, **options: Any) -> None:
        super().__init__([forms.ModelChoiceField(Customer.objects.all())], **options)

    def compress(self, data_list: Any) -> Any:
        return data_list[0]

    widget = forms.MultiWidget({"": forms.NumberInput})


class OwnQueryset(serializers.PrimaryKeyRelatedField[Any]):
    def get_queryset(self) -> Any:
        return Customer.objects.all()


class Nested(serializers.Serializer[Any]):
    who = serializers.PrimaryKeyRelatedField(queryset=Customer.objects.all())


def _key(**options: Any) -> Any:
    return serializers.PrimaryKeyRelatedField(queryset=Customer.objects.all(), **options)


def _one(ctx: Any, booking: Booking, who: Customer) -> dict[str, Any]:
    return {"done": True}


def _optional(ctx: Any, booking: Booking, who: Customer | None = None) -> dict[str, Any]:
    return {"done": True}


def _several(ctx: Any, booking: Booking, who: list[Customer]) -> dict[str, Any]:
    return {"done": True}


def _perhaps_several(ctx: Any, booking: Booking, *, who: list[Customer] | None) -> dict[str, Any]:
    return {"done": True}


def _by_another_name(ctx: Any, booking: Booking, who: VipCustomer) -> dict[str, Any]:
    return {"done": True}


class EagerForm(forms.Form):
    """A form that validates as soon as it is made."""

    who = forms.ModelChoiceField(Customer.objects.all())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.full_clean()


def _form(field: Any) -> Any:
    return type("RowForm", (forms.Form,), {"who": field})


def _serializer(field: Any) -> Any:
    return type("RowSerializer", (serializers.Serializer,), {"who": field})


#: How an input names a row, and how its key is sent.
ROWS: dict[str, tuple[Any, Any]] = {
    "parameter": (_one, lambda key: key),
    "optional-parameter": (_optional, lambda key: key),
    "list-parameter": (_several, lambda key: [1, key]),
    "optional-list-parameter": (_perhaps_several, lambda key: [key]),
    "proxy-parameter": (_by_another_name, lambda key: key),
    "form": (_form(forms.ModelChoiceField(Customer.objects.all())), lambda key: key),
    "form-by-another-column": (
        _form(forms.ModelChoiceField(Customer.objects.all(), to_field_name="id")),
        lambda key: key,
    ),
    "form-many": (
        _form(forms.ModelMultipleChoiceField(Customer.objects.all())),
        lambda key: [1, key],
    ),
    "form-proxy": (_form(forms.ModelChoiceField(VipCustomer.objects.all())), lambda key: key),
    "form-several-fields": (_form(PairField()), lambda key: key),
    "form-eager": (EagerForm, lambda key: key),
    "form-own-field": (_form(AnyCustomer()), lambda key: key),
    "serializer": (_serializer(_key()), lambda key: key),
    "serializer-many": (_serializer(_key(many=True)), lambda key: [1, key]),
    "serializer-list": (
        _serializer(serializers.ListField(child=_key())),
        lambda key: [1, key],
    ),
    "serializer-object": (
        _serializer(serializers.DictField(child=_key())),
        lambda key: {"a": 1, "b": key},
    ),
    "serializer-nested": (_serializer(Nested()), lambda key: {"who": key}),
    "serializer-nested-many": (_serializer(Nested(many=True)), lambda key: [{"who": key}]),
    "serializer-own-queryset": (_serializer(OwnQueryset()), lambda key: key),
    "serializer-slug": (
        _serializer(serializers.SlugRelatedField(slug_field="id", queryset=Customer.objects.all())),
        lambda key: key,
    ),
}
SEES_VIPS = {"customer": {"anon": {"fields": ["name"], "ops": ["get"], "rows": {"vip": True}}}}


@pytest.fixture(params=ROWS)
def naming(request: pytest.FixtureRequest) -> Any:
    """Register an action with an input that names a row; return how a key is sent."""
    written, sent = ROWS[request.param]
    if isinstance(written, type):
        action(Booking, id="name", input=written)(lambda ctx, booking, data: {"done": True})
    else:
        action(Booking, id="name")(written)
    return sent


def test_a_hidden_row_in_an_input_looks_missing(rest, grant, naming) -> None:
    grant("name", others=SEES_VIPS)

    seen, hidden, missing = (rest.run("name", 2, {"who": naming(key)}) for key in (1, 2, 9))

    assert (200, {"done": True}) == (seen.status, seen.body)
    assert (400, ["who"]) == (hidden.status, list(hidden.body["fields"]))
    assert missing.body == json.loads(json.dumps(hidden.body).replace("2", "9"))


def test_without_a_rule_any_row_is_named(rest, grant, naming) -> None:
    grant("name")

    assert 200 == rest.run("name", 2, {"who": naming(2)}).status
    assert 400 == rest.run("name", 2, {"who": naming(9)}).status


def test_a_parent_that_is_hidden_is_not_named_as_its_child(rest, grant) -> None:
    @action(Booking)
    def dine(ctx: Any, booking: Booking, where: Restaurant) -> None: ...

    for name in ("seen", "hidden"):
        Restaurant.objects.create(name=name)
    keys = {one.name: one.pk for one in Restaurant.objects.all()}
    grant(
        "dine", others={"place": {"anon": {"fields": "*", "ops": "get", "rows": {"name": "seen"}}}}
    )

    assert [200, 400, 400] == [
        rest.run("dine", 2, {"where": key}).status for key in (keys["seen"], keys["hidden"], 99)
    ]


@pytest.mark.parametrize(
    "annotation",
    [
        *(dict[str, Customer], tuple[Customer, ...], set[Customer], list[Customer | None]),
        *(list[list[Customer]], Customer | Booking, Customer | int, Sequence[Customer]),
    ],
    ids=str,
)
def test_a_row_inside_another_type_is_refused_at_once(annotation: Any) -> None:
    def handler(ctx: Any, booking: Booking, who: Any) -> None: ...

    handler.__annotations__["who"] = annotation
    with pytest.raises(TypeError):
        from_signature(handler, 2)


def test_a_dataclass_names_no_rows() -> None:
    made = dataclasses.make_dataclass("Who", [("who", Customer)])

    with pytest.raises(TypeError, match="cannot validate the input"):
        adapt(made)


def test_an_input_names_only_so_many_rows(rest, grant) -> None:
    action(Booking, id="name")(_several)
    grant("name", flex={"MAX_IN_ITEMS": 2})

    reply = rest.run("name", 2, {"who": [1, 2, 3]})

    assert (400, "query.limit") == (reply.status, reply.code)


def test_a_form_validates(rest, grant) -> None:
    grant("move")

    good = rest.run("move", 2, {"customer": 1, "seats": 2})
    bad = rest.run("move", 2, {"customer": 1, "seats": 12})

    assert (200, 1) == (good.status, Booking.objects.get(pk=2).customer_id)
    assert (400, ["seats"]) == (bad.status, list(bad.body["fields"]))


def test_a_dataclass_validates(rest, grant) -> None:
    grant("explain_why")

    good = rest.run("explain_why", 2, {"text": "late", "code": 3})
    bad = rest.run("explain_why", 2, {"text": "late", "code": "3"})
    less = rest.run("explain_why", 2, {"code": 3})

    assert {"said": "late (3)"} == good.body
    assert (400, ["code"]) == (bad.status, list(bad.body["fields"]))
    assert (400, ["__all__"]) == (less.status, list(less.body["fields"]))


def test_a_serializer_validates(rest, grant) -> None:
    @action(Booking, input=MoveSerializer)
    def shift(ctx: Any, booking: Booking, data: Any) -> None:
        booking.customer, booking.seats = data["customer"], data["seats"]
        booking.save()

    grant(
        "shift",
        others={"customer": {"anon": {"fields": ["name"], "ops": ["get"], "rows": {"vip": True}}}},
    )

    good = rest.run("shift", 2, {"customer": 1, "seats": 2})
    bad = rest.run("shift", 2, {"customer": 3, "seats": 12})

    assert (200, 1) == (good.status, Booking.objects.get(pk=2).customer_id)
    assert (400, {"customer", "seats"}) == (bad.status, set(bad.body["fields"]))


def test_a_model_of_pydantic_validates(rest, grant) -> None:
    @action(Booking, input=MoveModel)
    def shift(ctx: Any, booking: Booking, data: MoveModel) -> dict[str, Any]:
        return {"seats": data.seats}

    grant("shift")

    assert {"seats": 2} == rest.run("shift", 2, {"seats": 2}).body
    bad = rest.run("shift", 2, {"seats": 12})
    assert (400, ["seats"]) == (bad.status, list(bad.body["fields"]))
    assert (400, "noet") == (
        rest.run("shift", 2, {"seats": 1, "noet": ""}).status,
        rest.run("shift", 2, {"seats": 1, "noet": ""}).body["path"],
    )


@pytest.mark.parametrize(
    ("written", "names", "sensitive"),
    [
        (MoveForm, {"customer", "seats", "pin_code"}, {"pin_code"}),
        (MoveSerializer, {"customer", "seats", "secret"}, {"secret"}),
        (MoveModel, {"seats", "note"}, set()),
        (Reason, {"text", "code"}, set()),
    ],
)
def test_an_adapter_tells_names_and_schema(written, names, sensitive) -> None:
    adapter = adapt(written)

    assert (names, sensitive) == (set(adapter.names), set(adapter.sensitive))
    schema = adapter.schema()
    assert ("object", False, names) == (
        schema["type"],
        schema["additionalProperties"],
        set(schema["properties"]),
    )
    assert names == {field["name"] for field in adapter.fields()}


def test_a_signature_is_json_schema() -> None:
    def handler(ctx, booking: Booking, note: str, seats: int = 2, who: Customer | None = None): ...

    assert {
        "type": "object",
        "properties": {
            "note": {"type": "string"},
            "seats": {"type": "integer", "default": 2},
            "who": {
                "anyOf": [
                    {"type": "integer", "description": "key of a customer"},
                    {"type": "null"},
                ],
                "default": None,
            },
        },
        "additionalProperties": False,
        "required": ["note"],
    } == from_signature(handler, 2).schema()


def test_a_type_that_json_cannot_be_is_refused_at_once() -> None:
    def handler(ctx, booking: Booking, thing: Booking.DoesNotExist): ...

    with pytest.raises(TypeError):
        from_signature(handler, 2)


def test_a_class_that_validates_nothing_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="cannot validate"):
        adapt(int)


def test_only_the_inputs_of_the_role_may_be_sent(door, grant) -> None:
    grant("confirm", actions={"confirm": {"input": ["note"]}})

    allowed, narrowed, unknown = (
        door.run("confirm", 2, {key: "x"}) for key in ("note", "seats", "snacks")
    )

    assert 200 == allowed.status
    assert (400, "one of note") == (narrowed.status, narrowed.body["hint"])
    assert (unknown.code, unknown.body["hint"]) == (narrowed.code, narrowed.body["hint"])
