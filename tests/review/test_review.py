"""What `manage.py check` says of grants that are valid and not what anybody wants.

Each finding has the wrong settings beside the right ones, about which nothing is said.
"""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.signals import pre_save
from rest_framework import serializers

from django_flex.checks import check_groups, check_settings
from django_flex.review.user_paths import user_fault
from django_flex.signals import before_add
from tests.testapp.models import Booking, Company, Line

READ = {"fields": ["id", "status"], "ops": ["get", "list"]}


class BookingForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Booking
        fields = ("status",)


class CompanyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Company
        fields = ("name",)


class CompanySerializer(serializers.ModelSerializer[Any]):
    class Meta:
        model = Company
        fields = ("name",)


def role(name: str = "staff", **parts: Any) -> dict[str, Any]:
    return {"booking": {name: {**READ, **parts}}}


def entry(**keys: Any) -> dict[str, Any]:
    return {"booking": {"staff": READ, **keys}}


def token(**parts: Any) -> dict[str, Any]:
    """A grant to edit static tokens."""
    return {"statictoken": {"staff": {"fields": ["id", "name"], "ops": ["get", "edit"], **parts}}}


def teams(**parts: Any) -> dict[str, Any]:
    """A grant to edit the members of teams."""
    grant = {"fields": ["id", "name"], "write_fields": ["members"], "ops": ["get", "edit"]}
    return {"team": {"staff": {**grant, **parts}}}


def product(*written: str, **parts: Any) -> dict[str, Any]:
    """A grant to add products, which need a sku and a name."""
    grant = {"fields": ["id", "sku"], "write_fields": list(written), "ops": ["get", "add"]}
    return {"product": {"staff": {**grant, **parts}}}


def line(*written: str, **parts: Any) -> dict[str, Any]:
    """A grant to add lines, which need a booking and a product."""
    grant = {"fields": ["id", "product"], "write_fields": list(written), "ops": ["get", "add"]}
    return {"line": {"staff": {**grant, **parts}}}


def users(**parts: Any) -> dict[str, Any]:
    return {"user": {"staff": {"fields": ["id"], "ops": ["get", "edit"], **parts}}}


def raising(user: Any) -> Any:
    return Q(created_by=user.idd)


def no_condition(user: Any) -> Any:
    return Booking.objects.filter(created_by=user.pk)


#: Which finding, its place and a word of its text or hint; what is wrong, and what is right.
FINDINGS = {
    # Dead grants
    "without-ops": (
        "W015",
        "['staff']",
        "'ops': ['get', 'list']",
        {"booking": {"staff": {"fields": ["id"]}}},
        role(),
    ),
    "without-fields": (
        "W015",
        "['staff']",
        "'fields'",
        {"booking": {"staff": {"ops": ["list"]}}},
        {"booking": {"staff": {"ops": ["list"], "fields": []}}},
    ),
    "add-without-columns": (
        "W015",
        "['staff']",
        "'write_fields'",
        {"booking": {"staff": {"ops": ["edit"]}}},
        {"booking": {"staff": {"ops": ["edit"], "write_fields": ["status"]}}},
    ),
    "aggregates-without-the-operation": (
        "W016",
        "['aggregates']",
        "add 'aggregate' to 'ops'",
        role(aggregates=["count"]),
        role(aggregates=["count"], ops=["list", "aggregate"]),
    ),
    "the-operation-without-aggregates": (
        "W016",
        "['ops']",
        "'aggregates'",
        role(ops=["list", "aggregate"]),
        role(ops="*", fields=["id", "customer"], delete={"cascade": "*"}),
    ),
    "field-too-deep": (
        "W017",
        "['fields']",
        "MAX_RELATION_DEPTH",
        {"line": {"staff": {"ops": ["list"], "fields": ["booking.customer.company.name"]}}},
        {"line": {"staff": {"ops": ["list"], "fields": ["booking.customer.name"]}}},
    ),
    "required-column": (
        "W019",
        "['staff']",
        "a new row needs: product",
        line("booking"),
        line("booking", "product"),
    ),
    "required-column-with-a-preset": (
        "W019",
        "['staff']",
        "needs: booking, product",
        line("quantity"),
        line("quantity", presets={"booking": 1, "product": "x"}),
    ),
    "contradicting-caps": (
        "W018",
        "['limits']",
        "'max_limit' wins",
        role(limits={"default_limit": 30, "max_limit": 20}),
        role(limits={"max_limit": 20}),
    ),
    "file-above-the-setting": (
        "W018",
        "['files']",
        "MAX_FILE_BYTES wins",
        role(files={"document": {"max_bytes": 20_000_000}}),
        role(files={"document": {"max_bytes": 10_000_000}}),
    ),
    # Rules
    "lambda-without-argument": (
        "E023",
        "['rows']",
        "called with (user)",
        role(rows=lambda: Q(id=1)),
        role(rows=lambda user: Q(id=1)),
    ),
    "lambda-with-three-arguments": (
        "E023",
        "['check']",
        "called with (user)",
        role(check=lambda a, b, c: Q(id=1)),
        role(check=lambda a, b: Q(id=1)),
    ),
    "queryset-as-rule": (
        "E023",
        "['rows']",
        "Q(pk__in=…)",
        role(rows=no_condition),
        role(rows=lambda user: Q(pk__in=Booking.objects.filter(created_by=user.pk))),
    ),
    "mapping-as-rule": (
        "E023",
        "['edit']['rows']",
        "It returns a dict",
        role(ops=["get", "edit"], edit={"rows": lambda user: {"id": 1}}),
        role(ops=["get", "edit"], edit={"rows": lambda user: Q(id=1)}),
    ),
    "manager-as-queryset": (
        "E023",
        "['queryset']",
        "a manager",
        entry(queryset=lambda user: Booking.objects),
        entry(queryset=lambda user: Booking.objects.all()),
    ),
    "queryset-of-another-model": (
        "E023",
        "['queryset']",
        "testapp.Company",
        entry(queryset=lambda user: Company.objects.all()),
        entry(queryset=lambda user: Booking.objects.filter(status="x")),
    ),
    "sliced-queryset": (
        "E023",
        "['queryset']",
        "a slice",
        entry(queryset=lambda user: Booking.objects.all()[:5]),
        entry(queryset=lambda user: Booking.objects.order_by("id")),
    ),
    "typing-error-in-a-lambda": (
        "W020",
        "['rows']",
        "has no attribute 'idd'",
        role(rows=raising),
        role(rows=lambda user: Q(created_by=user.id)),
    ),
    "lambda-for-anonymous-callers": (
        "W020",
        "['rows']",
        "an anonymous caller",
        role("anon", rows=lambda user: Q(created_by=user)),
        role("authenticated", rows=lambda user: Q(created_by=user)),
    ),
    "none-for-anonymous-callers": (
        "W021",
        "['rows']",
        "IS NULL",
        role("anon", rows=lambda user: ~Q(created_by=user.pk)),
        role("authenticated", rows=lambda user: ~Q(created_by=user.pk)),
    ),
    "q-over-nothing": (
        "E024",
        "['rows']",
        "did you mean 'status'?",
        role(rows=Q(id=1) & ~Q(statuz="x")),
        role(rows=Q(id=1) & ~Q(status="x")),
    ),
    "called-q-over-nothing": (
        "E024",
        "['check']",
        "did you mean 'customer'?",
        role(check=lambda user: Q(custmer__name="x")),
        role(check=lambda user: Q(customer__name="x")),
    ),
    "q-with-a-misfit": ("E024", "['rows']", "'x'", role(rows=Q(id="x")), role(rows=Q(id="1"))),
    "choice-in-data": (
        "W022",
        "['rows']",
        "one of S, L",
        product("sku", "name", rows={"size": "M"}),
        product("sku", "name", rows={"size": "S"}),
    ),
    "choice-in-a-list": (
        "W022",
        "['rows']",
        "'M' is not a choice",
        product("sku", "name", rows={"not": {"size.in": "S,M"}}),
        product("sku", "name", rows={"not": {"size.in": ["S", "L"]}}),
    ),
    "choice-in-a-q": (
        "W022",
        "['rows']",
        "'M' is not a choice",
        product("sku", "name", rows=Q(id=1) | Q(size__in=["M"])),
        product("sku", "name", rows=Q(id=1) | Q(size__in=["S"])),
    ),
    "choice-in-a-preset": (
        "W022",
        "['presets']['size']",
        "'M' is not a choice",
        product("sku", "name", presets={"size": "M"}),
        product("sku", "name", presets={"size": "L"}),
    ),
    # Values of the caller
    "user-without-that-attribute": (
        "E025",
        "['rows']",
        "does not exist on auth.User",
        role(rows={"created_by.ne": {"$user": "idd"}}),
        role(rows={"created_by.ne": {"$user": "id"}}),
    ),
    "user-with-a-typing-error": (
        "E025",
        "['rows']",
        "did you mean 'username'?",
        role(rows={"created_by.username": {"$user": "usrname"}}),
        role(rows={"created_by.username": {"$user": "username"}}),
    ),
    "user-value-of-another-kind": (
        "E025",
        "['rows']",
        "the kind text",
        role(rows={"created_by": {"$user": "username"}}),
        role(rows={"created_by": {"$user": "pk"}}),
    ),
    "user-value-in-a-quantifier": (
        "E025",
        "['rows']",
        "'idd'",
        role(rows={"lines.none": {"id": {"$user": "idd"}}}),
        role(rows={"lines.none": {"id": {"$user": "id"}}}),
    ),
    "user-value-of-a-preset": (
        "E025",
        "['presets']['created_by']",
        "'idd'",
        role(
            ops=["get", "edit"], write_fields=["status"], presets={"created_by": {"$user": "idd"}}
        ),
        role(ops=["get", "edit"], write_fields=["status"], presets={"created_by": {"$user": "id"}}),
    ),
    "user-value-of-one-operation": (
        "E025",
        "['edit']['presets']['created_by']",
        "many rows",
        role(
            ops=["get", "edit"],
            edit={"fields": ["status"], "presets": {"created_by": {"$user": "teams"}}},
        ),
        role(
            ops=["get", "edit"],
            edit={"fields": ["status"], "presets": {"created_by": {"$user": "id"}}},
        ),
    ),
    "value-of-the-user-as-text": (
        "E012",
        "['rows']",
        '{"$user": "username"}',
        role(rows={"created_by.username.ne": "$user.username"}),
        role(rows={"created_by.username.ne": {"$value": "$user.username"}}),
    ),
    "method-of-the-user": (
        "E025",
        "['rows']",
        "is a method",
        role(rows={"status": {"$user": "get_username"}}),
        role(rows={"status": {"$user": "username"}}),
    ),
    "user-value-that-users-edit": (
        "W032",
        "['rows']",
        "'auth.user.email'",
        {**role(rows={"created_by.email": {"$user": "email"}}), **users(write_fields=["email"])},
        {**role(rows={"created_by": {"$user": "id"}}), **users(write_fields=["email"])},
    ),
    "user-value-that-other-roles-edit": (
        "W032",
        "['check']",
        "'auth.user.username'",
        {
            **role(check={"or": [{"created_by.username": {"$user": "username"}}, {"seats": 1}]}),
            **users(write_fields=["username"]),
        },
        {
            **role("authenticated", rows={"created_by.username": {"$user": "username"}}),
            **users(write_fields=["username"]),
        },
    ),
    "members-that-the-role-edits": (
        "W033",
        "['rows']",
        "'testapp.team.members'",
        {**role(rows={"team.members": {"$user": "id"}}), **teams()},
        {
            **role(rows={"team.members": {"$user": "id"}}),
            **teams(rows={"members": {"$user": "id"}}),
        },
    ),
    "members-that-the-role-edits-by-a-filter": (
        "W033",
        "['rows']",
        "'testapp.team.members'",
        {**role(rows={"team.members": {"$user": "id"}}), **teams(ops=["get", "bulk_edit"])},
        {**role(rows={"team.members": {"$user": "id"}}), **teams(ops=["get"])},
    ),
    "owner-of-another-row-that-the-role-edits": (
        "W033",
        "['edit']['check']",
        "'testapp.booking.created_by' of any row",
        {
            **role(ops=["get", "edit"], write_fields=["created_by"]),
            **line(
                "product", edit={"check": {"booking.created_by": {"$user": "id"}}}, ops=["edit"]
            ),
        },
        {
            **role(ops=["get", "edit"], write_fields=["status"]),
            **line(
                "product", edit={"check": {"booking.created_by": {"$user": "id"}}}, ops=["edit"]
            ),
        },
    ),
    # Wiring
    "form-of-another-model": (
        "E027",
        "['form_class']",
        "one for testapp.Booking",
        entry(form_class=CompanyForm),
        entry(form_class=BookingForm),
    ),
    "serializer-of-another-model": (
        "E027",
        "['serializer_class']",
        "one for testapp.Booking",
        entry(serializer_class=CompanySerializer),
        entry(),
    ),
    "serializer-as-form": (
        "E027",
        "['form_class']",
        "is not a form",
        entry(form_class=CompanySerializer),
        entry(form_class=f"{__name__}.BookingForm"),
    ),
    # Too generous
    "order-by-what-is-hidden": (
        "W010",
        "['order_by']",
        "'price' may be sorted by",
        role(order_by=["-price"]),
        role(order_by=["-price"], fields=["id", "price"]),
    ),
    "sum-of-what-is-hidden": (
        "W010",
        "['aggregates']",
        "'price' may be aggregated",
        role(aggregates=["price.sum"], ops=["list", "aggregate"]),
        role(aggregates=["price.sum", "seats.count"], min_group=5, ops=["list", "aggregate"]),
    ),
    "aggregates-of-what-is-hidden": (
        "W010",
        "['aggregates']",
        "'price' may be aggregated",
        role(aggregates=["price.*"], ops=["list", "aggregate"]),
        role(aggregates=["price.*"], ops=["list", "aggregate"], fields=["id", "price"]),
    ),
    "filter-by-an-aggregate-of-what-is-hidden": (
        "W001",
        "['filters']",
        "'lines.quantity.sum' may be filtered",
        role(filters=["lines.quantity.sum.gte"]),
        role(filters=["lines.count.gte"]),
    ),
    "readable-password": (
        "W011",
        "['fields']",
        "'write_fields'",
        users(fields=["id", "password"], write_fields=["email"]),
        users(rows={"is_superuser": False}, write_fields=["password"]),
    ),
    "written-rights": (
        "W025",
        "['staff']",
        "grant permissions: is_staff, is_superuser",
        users(write_fields=["email", "is_superuser", "is_staff"]),
        {"user": {"superuser": {"fields": ["id"], "ops": ["edit"], "write_fields": ["is_staff"]}}},
    ),
    "passwords-of-anybody": (
        "W034",
        "['staff']",
        "'is_superuser': False",
        users(write_fields=["password"]),
        users(write_fields=["password"], edit={"rows": {"id": {"$user": "id"}}}),
    ),
    "written-credentials": (
        "W031",
        "['staff']",
        "until when: revoked_at, user",
        token(write_fields=["name", "user", "revoked_at"]),
        token(write_fields=["name"]),
    ),
    "stored-files": (
        "I002",
        "['staff']",
        "document",
        role(ops=["get", "edit"], write_fields=["document"]),
        role(ops=["get", "edit"], write_fields=["status"], fields=["document"]),
    ),
    "files-of-anybody": (
        "W012",
        "['anon']",
        "document",
        role("anon", ops=["get", "edit"], write_fields=["document"]),
        role("anon", ops=["get", "edit"], write_fields=["status"]),
    ),
    "everything-for-anybody": (
        "W013",
        "['anon']",
        "name the operations",
        {"company": {"anon": "*"}},
        {"company": {"authenticated": "*"}},
    ),
    "all-operations-for-anybody": (
        "W013",
        "['anon']",
        "add, delete, edit",
        {"company": {"anon": {"fields": "*", "ops": "*", "delete": {"cascade": "*"}}}},
        {"company": {"anon": {"fields": "*", "ops": ["get", "list", "add"]}}},
    ),
    "everybody-by-another-name": (
        "W014",
        "['anonymous']",
        "did you mean 'anon'?",
        role("anonymous"),
        role("anon"),
    ),
    "built-in-role-with-a-typing-error": (
        "W014",
        "['authentcated']",
        "did you mean 'authenticated'?",
        role("authentcated"),
        role("managers"),
    ),
    # Messages
    "operation-of-another-package": (
        "E008",
        "['ops']",
        "did you mean 'get' or 'list'?",
        role(ops=["read"]),
        role(ops=["get"]),
    ),
    "exclude-of-an-entry": (
        "E005",
        "EXPOSE['booking']",
        "did you mean 'exclude'?",
        entry(exlude=["price"]),
        entry(exclude=["price"]),
    ),
    "exclude-of-a-grant": (
        "E005",
        "['staff']",
        "did you mean 'exclude'?",
        role(exlude=["price"]),
        role(exclude=["price"]),
    ),
    "queryset-of-an-entry": (
        "E005",
        "EXPOSE['booking']",
        "did you mean 'queryset'?",
        entry(query_set=lambda user: Booking.objects.all()),
        entry(queryset=lambda user: Booking.objects.all()),
    ),
    "keyword-of-django-as-filter": (
        "E006",
        "['filters']",
        "did you mean 'status.icontains'?",
        role(filters=["status__icontains"]),
        role(filters=["status.icontains"]),
    ),
    "keyword-of-django-as-field": (
        "E006",
        "['fields']",
        "did you mean 'customer.name'?",
        role(fields=["customer__name"]),
        role(fields=["customer.name"]),
    ),
    "keyword-of-django-as-rule": (
        "E012",
        "['rows']",
        "did you mean 'status.in'?",
        role(rows={"status__in": ["x"]}),
        role(rows={"status.in": ["x"]}),
    ),
    "path-over-a-relation": (
        "E006",
        "['fields']",
        "did you mean 'customer.name'?",
        role(fields=["customer.nmae"]),
        role(fields=["customer.name"]),
    ),
    "path-in-a-rule": (
        "E012",
        "['rows']",
        "did you mean 'customer.name'?",
        role(rows={"or": [{"id": 1}, {"customer.nmae": "x"}]}),
        role(rows={"or": [{"id": 1}, {"customer.name": "x"}]}),
    ),
    "all-fields-of-another-package": (
        "E006",
        "['fields']",
        "did you mean '*'?",
        role(fields="__all__"),
        {**role(fields="*"), "customer": {}, "address": {}, "team": {}, "invoice": {}, "user": {}},
    ),
}


def found(settings: Any, expose: Any, **others: Any) -> list[Any]:
    settings.DJANGO_FLEX = {"EXPOSE": expose, "REQUIRE_AUTHENTICATION": False, **others}
    return list(check_settings())


@pytest.mark.parametrize("name", FINDINGS)
def test_a_mistake_is_a_finding_and_what_is_right_is_none(settings: Any, name: str) -> None:
    identifier, place, words, wrong, right = FINDINGS[name]
    (message,) = found(settings, wrong)
    assert f"django_flex.{identifier}" == message.id
    assert place in message.msg
    assert words in f"{message.msg} {message.hint}"
    assert [] == found(settings, right)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(lambda user: Q(pk__in=user.groups.values_list("pk")), id="lazy-query"),
        pytest.param(lambda user: Q(id=user.groups.first().pk), id="asks-the-database"),
        pytest.param(lambda user: Q(id=user.teams.count()), id="counts"),
        pytest.param(lambda user, request: Q(id=request.tenant), id="needs-a-request"),
        pytest.param(lambda user: Q(id=user.last_login.year), id="needs-a-value"),
        pytest.param(lambda user: Q(created_by=user), id="user"),
        pytest.param(lambda user: Q(created_by__groups__in=user.groups.all()), id="groups"),
        pytest.param(lambda user: None if not user.email else Q(id=1), id="none"),
        pytest.param(lambda user: Q(), id="empty"),
        pytest.param(lambda user, number=5: Q(id=number), id="value-of-a-loop"),
        pytest.param(lambda *both: Q(id=1), id="any-number"),
        pytest.param(lambda user, request=None: Q(id=1), id="optional-request"),
        pytest.param(lambda user: Q(booking_ptr=1) if user.pk is None else Q(id=1), id="branch"),
    ],
)
def test_a_rule_that_only_the_database_can_tell_of_is_no_finding(settings: Any, rule: Any) -> None:
    assert [] == found(settings, role("authenticated", rows=rule))


def test_rules_are_tried_without_the_database(settings: Any) -> None:
    asked: list[str] = []

    def rule(user: Any) -> Q:
        asked.append(user.username)
        return Q(id=Booking.objects.count())

    def watch(execute: Any, *args: Any) -> Any:
        pytest.fail("a rule reached the database")

    with connection.execute_wrapper(watch):
        assert [] == found(settings, role("authenticated", rows=rule))
    assert [""] == asked
    assert "ensure_connection" not in vars(connection)


def test_a_default_of_a_rule_is_never_the_request() -> None:
    from django_flex.policy.compile.grants import with_request

    assert ("u", 5) == with_request(lambda user, number=5: (user, number))("u", "r")
    assert ("u", "r") == with_request(lambda user, request=None: (user, request))("u", "r")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        pytest.param({"DEFAULT_LIMIT": 50, "MAX_LIMIT": 20}, "MAX_LIMIT wins", id="limit"),
        pytest.param({"LOCK_TIMEOUT": 9, "WRITE_TIMEOUT": 5}, "WRITE_TIMEOUT wins", id="timeout"),
    ],
)
def test_settings_that_contradict_each_other(settings: Any, limits: Any, words: str) -> None:
    (message,) = found(settings, {}, **limits)
    assert ("django_flex.W018", True) == (message.id, words in (message.hint or ""))
    (_, (name, value)) = limits.items()
    assert [] == found(
        settings, {"node": {}}, **{name: value / 10 if name == "WRITE_TIMEOUT" else value}
    )


def test_values_of_unknown_users_are_warnings_only(settings: Any) -> None:
    expose = role(rows={"created_by": {"$user": "device_id"}})
    (message,) = found(settings, expose, AUTHENTICATION=[f"{__name__}.BookingForm"])
    assert "django_flex.W023" == message.id


@pytest.mark.parametrize("name", ["user.is_superusr", "user.passwrd", "pasword", "api_kye"])
def test_a_guarded_field_of_the_user_has_to_exist(settings: Any, name: str) -> None:
    (message,) = found(settings, {}, EXTRA_GUARDED_FIELDS=[name])
    assert "django_flex.E026" == message.id
    assert name in message.msg


def test_user_values_for_clients_have_to_exist(settings: Any) -> None:
    (message,) = found(settings, {}, USER_VALUES=["email", "regoin"])
    assert ("django_flex.E025", True) == (message.id, "USER_VALUES" in message.msg)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("id", None, id="key"),
        pytest.param("is_authenticated", None, id="property"),
        pytest.param("bookings", "many rows", id="reverse"),
        pytest.param("groups", "many rows", id="many-to-many"),
        pytest.param("save", "is a method", id="method"),
        pytest.param("emial", "did you mean 'email'?", id="typing-error"),
        pytest.param("username.x", None, id="behind-a-value"),
    ],
)
def test_a_path_is_looked_up_in_the_user_model(path: str, text: str | None) -> None:
    fault = user_fault(tuple(path.split(".")))
    assert (fault is None) == (text is None)
    assert text is None or text in f"{fault.text} {fault.hint}"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("company", "'company_id'", id="object"),
        pytest.param("company_id", None, id="key"),
        pytest.param("company.id", None, id="key-behind-a-relation"),
        pytest.param("company.nmae", "did you mean 'company.name'?", id="typing-error"),
        pytest.param("company.services", "many rows", id="to-many-behind-a-relation"),
    ],
)
def test_a_path_goes_over_relations(monkeypatch: Any, path: str, text: str | None) -> None:
    from django_flex.review import user_paths
    from tests.testapp.models import Customer

    monkeypatch.setattr(user_paths, "get_user_model", lambda: Customer)
    fault = user_fault(tuple(path.split(".")))
    assert (fault is None) == (text is None)
    assert text is None or text in f"{fault.text} {fault.hint}"  # type: ignore[union-attr]


def test_a_role_that_is_no_group_is_found_in_the_database(settings: Any, db: None) -> None:
    Group.objects.create(name="Managers")
    settings.DJANGO_FLEX = {"EXPOSE": {"booking": {"managres": READ, "managers": READ, "anon": {}}}}
    (message,) = check_groups(databases=["default"])
    assert "django_flex.W014" == message.id
    assert "EXPOSE['booking']['managres']" in message.msg
    assert "did you mean 'managers'?" == message.hint
    assert [] == check_groups(databases=None)
    settings.DJANGO_FLEX["ROLE_RESOLVER"] = str
    settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "ROLE_RESOLVER": str}
    assert [] == check_groups(databases=["default"])


def test_a_hook_may_fill_what_a_row_needs(settings: Any) -> None:
    expose = line("booking")
    expose["line"]["hooks"] = {"before_add": lambda **_: None}
    assert [] == found(settings, expose)


@pytest.mark.parametrize("name", ["filling", "cleaning", "numbered", "rebased"])
def test_code_of_the_model_may_fill_what_a_row_needs(settings: Any, name: str) -> None:
    assert [] == found(settings, {f"wild.{name}": {"staff": {"ops": ["add"], "fields": ["note"]}}})


def test_a_receiver_may_fill_what_a_row_needs(settings: Any) -> None:
    def fill(**_: Any) -> None: ...

    expose = line("booking")
    for signal in (pre_save, before_add):
        signal.connect(fill, sender=Line)
        assert [] == found(settings, expose)
        signal.disconnect(fill, sender=Line)
    assert ["django_flex.W019"] == [one.id for one in found(settings, expose)]


def test_a_new_row_needs_no_computed_field(settings: Any) -> None:
    entry = {"computed": {"letters": Length("name")}, "staff": {"ops": ["add"], "fields": ["*"]}}
    assert "django_flex.W019" not in {one.id for one in found(settings, {"service": entry})}


@pytest.mark.parametrize(
    ("name", "needed"), [("country", "code"), ("plot", "number"), ("extra", "plot")]
)
def test_a_key_that_nothing_fills_is_needed(settings: Any, name: str, needed: str) -> None:
    expose = {f"wild.{name}": {"staff": {"ops": ["add"], "fields": ["*"]}}}
    (message,) = (one for one in found(settings, expose) if one.id == "django_flex.W019")
    assert f"needs: {needed}" in message.msg


@pytest.mark.parametrize(
    ("resolver", "identifier", "words"),
    [
        pytest.param(lambda user: "staff", "W020", "raises TypeError", id="one-argument"),
        pytest.param(lambda user, model: {"role": "staff"}, "E023", "a dict", id="mapping"),
        pytest.param(lambda user, model: ("staff", {}), "E023", "rows that are a dict", id="rows"),
        pytest.param(lambda user, model: ["stff"], "W014", "mean 'staff'", id="typing-error"),
        pytest.param(lambda user, model: user.idd, "W020", "'idd'", id="raises"),
        pytest.param(lambda user, model: None, None, "", id="default"),
        pytest.param(lambda user, model: "nobody", None, "", id="a-role-that-denies"),
        pytest.param(lambda user, model: user.groups.first().name, None, "", id="database"),
        pytest.param(lambda user, model: ("staff", Q(id=1)), None, "", id="role-and-rows"),
    ],
)
def test_the_answers_of_a_resolver(
    settings: Any, resolver: Any, identifier: str | None, words: str
) -> None:
    messages = found(settings, role(), ROLE_RESOLVER=resolver)
    assert [f"django_flex.{identifier}"] * bool(identifier) == [m.id for m in messages]
    assert all(words in f"{m.msg} {m.hint}" for m in messages)
