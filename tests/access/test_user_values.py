"""Values of the caller in rules: one that is missing denies the whole rule, wherever it stands."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User

from django_flex import FlexQuery
from django_flex.access.user_values import user_value
from django_flex.binding.comparands import NoValueError, UnknownUserValueError
from django_flex.schema.introspection import describe
from tests.testapp.models import Booking

pytestmark = pytest.mark.usefixtures("bookings")
READ = {"fields": "*", "filters": "*", "ops": ["get", "list"]}
LOGGER = "django_flex.security"


def broken(_user: Any) -> Any:
    """Raise, as a property of a user may."""
    raise ValueError


@pytest.fixture
def ann(db: None, monkeypatch: pytest.MonkeyPatch) -> User:
    """A user with every way to lack a value, who made the first two bookings."""
    for name, value in (("company", None), ("region", ""), ("broken", property(broken))):
        monkeypatch.setattr(User, name, value, raising=False)
    user = User.objects.create_user("ann")
    Booking.objects.filter(pk__in=[1, 2]).update(created_by=user)
    return user


def rules(path: str) -> dict[str, Any]:
    """Return a rule for each place of a value in it; each but the first shows rows if it is lost."""
    value = {"$user": path}
    return {
        "equal": {"created_by": value},
        "ne": {"created_by.ne": value},
        "not": {"not": {"created_by": value}},
        "not-not": {"not": {"not": {"created_by.ne": value}}},
        "beside-another": {"id.gte": 1, "created_by.ne": value},
        "or-object": {"or": {"id.gte": 1, "created_by": value}},
        "or-list": {"or": [{"id.gte": 1}, {"created_by": value}]},
        "every": {"lines.every": {"id.ne": value}},
        "none": {"lines.none": {"id": value}},
        "to-many": {"tags.slug.ne": value},
        "relation": {"created_by.username.ne": value},
        "json": {"customer.metadata.level.ne": value},
        "aggregate": {"lines.count.ne": value},
        "isnull": {"tags.isnull": value},
    }


PLACES = list(rules("id"))
#: Paths and whether they are a mistake (403, an error in the log) or a caller without a value.
LACKING = [
    pytest.param("idd", True, id="no-attribute"),
    pytest.param("company.idd", False, id="nothing-behind-none"),
    pytest.param("broken", True, id="raises"),
    pytest.param("company", False, id="none"),
    pytest.param("region", False, id="empty-text"),
    pytest.param("last_login", False, id="null-column"),
]


def seen(user: Any, model: str = "booking", **query: Any) -> list[Any]:
    result = FlexQuery(model).execute({"shape": "list", "limit": 50, **query}, user=user)
    return [row["id"] for row in result.to_dict().get("results", [])]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("path", "mistake"), LACKING)
def test_a_value_that_the_caller_lacks_denies_the_whole_rule(
    configure: Any, ann: User, caplog: Any, path: str, mistake: bool, place: str
) -> None:
    configure({"booking": {"authenticated": {**READ, "rows": rules(path)[place]}}})
    with caplog.at_level(logging.WARNING, LOGGER):
        assert [] == seen(ann)
    levels = {record.levelno for record in caplog.records if record.name == LOGGER}
    assert (logging.ERROR if mistake else logging.WARNING) == max(levels)
    status = FlexQuery("booking").execute({"_id": 1}, user=ann).status_code
    assert (403 if mistake else 404) == status


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("path", ["id", "pk", "username", "is_staff", "groups"])
def test_an_anonymous_caller_has_no_values(configure: Any, path: str, place: str) -> None:
    configure({"booking": {"anon": {**READ, "rows": rules(path)[place]}}})
    assert [] == seen(None)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        pytest.param("equal", [1, 2], id="equal"),
        pytest.param("ne", [3, 4, 5, 6], id="ne"),
        pytest.param("not", [3, 4, 5, 6], id="not"),
    ],
)
def test_a_value_that_is_there_is_compared(
    configure: Any, ann: User, place: str, expected: list[int]
) -> None:
    configure({"booking": {"authenticated": {**READ, "rows": rules("id")[place]}}})
    assert expected == sorted(seen(ann))


LOST = {"created_by.ne": {"$user": "idd"}}
NOBODY = {"created_by.ne": {"$user": "company"}}


@pytest.mark.parametrize("rule", [LOST, NOBODY], ids=["mistake", "no-value"])
@pytest.mark.parametrize(
    ("part", "spec"),
    [
        pytest.param({"check": ...}, {"_action": "edit", "id": 1, "seats": 9}, id="check-edit"),
        pytest.param({"check": ...}, {"_action": "add", "customer": 1, "seats": 9}, id="check-add"),
        pytest.param({"edit": {"rows": ...}}, {"_action": "edit", "id": 1, "seats": 9}, id="edit"),
        pytest.param(
            {"edit": {"rows": ...}},
            {"_action": "bulk_edit", "filters": {}, "_set": {"seats": 9}},
            id="bulk-edit",
        ),
        pytest.param({"delete": {"rows": ...}}, {"_action": "delete", "id": 6}, id="delete"),
        pytest.param(
            {"delete": {"rows": ...}}, {"_action": "bulk_delete", "filters": {}}, id="bulk-delete"
        ),
    ],
)
def test_rules_of_writes_are_denied_as_a_whole(
    configure: Any, ann: User, rule: Any, part: dict[str, Any], spec: dict[str, Any]
) -> None:
    (key, inner), *_ = part.items()
    part = {key: rule if inner is ... else {"rows": rule}}
    ops = ["get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete"]
    configure({"booking": {"authenticated": {**READ, "ops": ops, **part}}})
    before = list(Booking.objects.order_by("pk").values())
    FlexQuery("booking").execute(spec, user=ann)
    assert before == list(Booking.objects.order_by("pk").values())


@pytest.mark.parametrize("rule", [LOST, NOBODY], ids=["mistake", "no-value"])
def test_a_related_model_shows_no_row(configure: Any, ann: User, rule: Any) -> None:
    configure(
        {
            "line": {"authenticated": {**READ, "fields": ["id", "booking.status"]}},
            "booking": {"authenticated": {**READ, "rows": rule}},
        }
    )
    result = FlexQuery("line").execute({"fields": "booking.status", "shape": "list"}, user=ann)
    rows = result.to_dict()["results"]
    assert [None] * 5 == [row["booking"] for row in rows]
    assert [] == seen(ann, "line", filters={"booking.status": "confirmed"})


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("idd", id="no-attribute"),
        pytest.param("company", id="none"),
        pytest.param("username", id="misfit"),
        pytest.param("broken", id="raises"),
    ],
)
def test_a_preset_without_a_fitting_value_is_a_logged_refusal(
    configure: Any, ann: User, caplog: Any, path: str
) -> None:
    grant = {**READ, "ops": ["get", "add"], "presets": {"created_by": {"$user": path}}}
    configure({"booking": {"authenticated": grant}})
    with caplog.at_level(logging.WARNING, LOGGER):
        result = FlexQuery("booking").execute({"_action": "add", "customer": 1}, user=ann)
    assert 403 == result.status_code
    assert 6 == Booking.objects.count()
    assert "created_by" in caplog.text


def test_a_preset_may_be_an_empty_text_of_the_user(configure: Any, ann: User) -> None:
    grant = {**READ, "ops": ["get", "add"], "presets": {"internal_notes": {"$user": "region"}}}
    configure({"booking": {"authenticated": grant}})
    result = FlexQuery("booking").execute({"_action": "add", "customer": 1}, user=ann)
    assert (201, "") == (result.status_code, result.to_dict()["internal_notes"])


@pytest.mark.parametrize(
    "filters",
    [
        pytest.param({"tags.isnull": {"$user": "id"}}, id="isnull-of-a-relation"),
        pytest.param({"team.isnull": {"$user": "id"}}, id="isnull-of-a-key"),
        pytest.param({"lines.some": {"quantity": {"$user": "id"}}}, id="quantifier"),
    ],
)
def test_a_client_without_a_value_finds_nothing_equal_to_it(configure: Any, filters: Any) -> None:
    configure({"booking": {"anon": READ}, "line": {"anon": READ}, "tag": {"anon": READ}})
    result = FlexQuery("booking").execute({"filters": filters, "shape": "list"})
    assert (200, []) == (result.status_code, result.to_dict().get("results"))


@pytest.mark.parametrize(
    ("path", "error"),
    [
        pytest.param(("last_login",), NoValueError, id="none"),
        pytest.param(("last_login", "idd"), NoValueError, id="nothing-behind-none"),
        pytest.param(("idd",), UnknownUserValueError, id="no-attribute"),
        pytest.param(("pk", "idd"), UnknownUserValueError, id="no-attribute-of-a-key"),
    ],
)
def test_a_value_is_missing_or_a_mistake(ann: User, path: Any, error: type[Exception]) -> None:
    field = describe(Booking).attributes["status"]
    assert "ann" == user_value(("username",), ann, field)
    with pytest.raises(NoValueError) as found:
        user_value(path, ann, field)
    assert error is found.type
    with pytest.raises(NoValueError):
        user_value(("username",), AnonymousUser(), field)
