"""W033 where rows can be added or moved: whoever may, sees what the rule was to hide.

Each finding comes with the request that gets around the rule, and with settings that are right, under
which the same request changes nothing.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_flex import FlexQuery
from django_flex.checks import check_settings
from tests.clubs.models import Board, Task
from tests.testapp.models import Booking, Company, Customer, Team

READ = ["get", "list"]
THROUGH = "testapp.team_members"
BOOKINGS = {
    "booking": {"staff": {"fields": ["id"], "ops": READ, "rows": {"team.members": {"$user": "id"}}}}
}
CUSTOMERS = {
    "booking": {
        "staff": {
            "fields": ["id"],
            "ops": READ,
            "rows": {"customer.company.customers.email": {"$user": "email"}},
        }
    }
}
TASKS = {
    "clubs.task": {
        "staff": {
            "fields": ["id"],
            "ops": READ,
            "rows": {"board.notes.text": {"$user": "username"}},
        }
    }
}


def teams(*written: str, **parts: Any) -> dict[str, Any]:
    grant = {"fields": ["id", "name"], "ops": READ}
    return {"team": {"staff": {**grant, "write_fields": list(written), **parts}}}


def links(*ops: str, **parts: Any) -> dict[str, Any]:
    grant = {"fields": ["id", "team", "user"], "ops": [*READ, *ops]}
    return {THROUGH: {"staff": {**grant, **parts}}}


def users(*written: str, **parts: Any) -> dict[str, Any]:
    own = {"rows": {"id": {"$user": "id"}}, "ops": ["get", "edit"]}
    return {"user": {"staff": {"fields": ["id"], "write_fields": list(written), **own, **parts}}}


def notes(*written: str) -> dict[str, Any]:
    grant = {"fields": ["id", "text"], "ops": [*READ, "add"], "write_fields": list(written)}
    return {"clubs.note": {"staff": grant}}


def boards(**parts: Any) -> dict[str, Any]:
    return {"clubs.board": {"staff": {"fields": ["id", "title"], "ops": READ, **parts}}}


def customers(*ops: str, **parts: Any) -> dict[str, Any]:
    grant = {"fields": ["id", "name", "email", "company"], "ops": [*READ, *ops]}
    return {"customer": {"staff": {**grant, **parts}}}


def without(rule: dict[str, Any]) -> dict[str, Any]:
    """Bookings that a rule leaves of those that name no team of others."""
    return {"booking": {"staff": {"fields": ["id"], "ops": READ, "rows": rule}}}


OWN_TEAMS = {"rows": {"members": {"$user": "id"}}}
OWN_LINKS = {"rows": {"user": {"$user": "id"}}}
JOIN = (THROUGH, {"_action": "add", "team": "TEAM", "user": "USER"})
MOVE = (THROUGH, {"_action": "edit", "_id": "LINK", "team": "TEAM"})
NOTE = (
    "clubs.note",
    {"_action": "add", "text": "joe", "about": {"type": "clubs.board", "id": "BOARD"}},
)
#: the words of the finding, the settings with the mistake, the right ones, and the way around the rule
WAYS: dict[str, tuple[str, Any, Any, tuple[str, dict[str, Any]]]] = {
    "new-link": (
        f"rows of '{THROUGH}'",
        {**BOOKINGS, **links("add")},
        {**BOOKINGS, **links("add"), **teams(**OWN_TEAMS)},
        JOIN,
    ),
    "new-link-of-the-caller": (
        f"rows of '{THROUGH}'",
        {**BOOKINGS, **links("add", **OWN_LINKS), **teams()},
        {**BOOKINGS, **links("add", rows={"team.name": "mine"}), **teams()},
        JOIN,
    ),
    "new-link-that-proves-itself": (
        f"rows of '{THROUGH}'",
        {**BOOKINGS, **links("add", rows={"team.members": {"$user": "id"}})},
        {**BOOKINGS, **links("add", rows={"team.members": {"$user": "id"}}), **teams(**OWN_TEAMS)},
        JOIN,
    ),
    "new-link-with-a-preset": (
        f"rows of '{THROUGH}'",
        {**BOOKINGS, **links("add", write_fields=["team"], presets={"user": {"$user": "id"}})},
        {**BOOKINGS, **links("add", write_fields=["user"], presets={"team": 0})},
        (THROUGH, {"_action": "add", "team": "TEAM"}),
    ),
    "moved-link": (
        f"rows of '{THROUGH}'",
        {**BOOKINGS, **links("edit", **OWN_LINKS)},
        {**BOOKINGS, **links("edit", **OWN_LINKS, write_fields=["user"])},
        MOVE,
    ),
    "moved-links-by-a-filter": (
        f"rows of '{THROUGH}'",
        {**BOOKINGS, **links("bulk_edit", **OWN_LINKS, filters=["user"])},
        {**BOOKINGS, **links("bulk_edit", **OWN_LINKS, filters=["user"]), **teams(**OWN_TEAMS)},
        (
            THROUGH,
            {"_action": "bulk_edit", "filters": {"user": "USER"}, "_set": {"team": "TEAM"}},
        ),
    ),
    "deleted-link": (
        f"may delete rows of '{THROUGH}'",
        {**without({"team.members.none": {"id": {"$user": "id"}}}), **links("delete", **OWN_LINKS)},
        {**without({"team.members.none": {"id": {"$user": "id"}}}), **links()},
        (THROUGH, {"_action": "delete", "_id": "LINK"}),
    ),
    "deleted-links-by-a-filter": (
        f"may delete rows of '{THROUGH}'",
        {
            **without({"not": {"team.members": {"$user": "id"}}}),
            **links("bulk_delete", filters=["user"]),
        },
        {
            **without({"not": {"team.members": {"$user": "id"}}}),
            **links("bulk_delete", filters=["user"], delete={"rows": {"team.name": "theirs"}}),
        },
        (THROUGH, {"_action": "bulk_delete", "filters": {"user": "USER"}}),
    ),
    "links-from-the-other-side": (
        "'auth.user.teams'",
        {**BOOKINGS, **users("teams")},
        {**BOOKINGS, **users("teams"), **teams(**OWN_TEAMS)},
        ("user", {"_action": "edit", "_id": "USER", "teams": {"$add": ["TEAM"]}}),
    ),
    "new-row-behind-a-reverse-key": (
        "rows of 'testapp.customer' point to any row of 'testapp.company'",
        {**CUSTOMERS, **customers("add")},
        {**CUSTOMERS, **customers("add", write_fields=["name", "company"])},
        (
            "customer",
            {"_action": "add", "name": "Joe", "email": "joe@example.org", "company": "COMPANY"},
        ),
    ),
    "nested-row-behind-a-reverse-key": (
        "rows of 'testapp.customer' point to any row of 'testapp.company'",
        {
            **CUSTOMERS,
            **customers("add"),
            "company": {"staff": {"fields": ["id", "name"], "ops": ["get", "edit"]}},
        },
        {
            **CUSTOMERS,
            **customers("add"),
            "company": {
                "staff": {"fields": ["id", "name"], "ops": ["get", "edit"], "rows": {"name": "Own"}}
            },
        },
        (
            "company",
            {
                "_action": "edit",
                "_id": "COMPANY",
                "customers": {"$add": [{"name": "Joe", "email": "joe@example.org"}]},
            },
        ),
    ),
    "upserted-row-behind-a-reverse-key": (
        "rows of 'testapp.customer' point to any row of 'testapp.company'",
        {**CUSTOMERS, **customers("add", "edit", rows={"email": {"$user": "email"}})},
        {**CUSTOMERS, **customers("add", "edit", rows={"company.name": "Own"})},
        (
            "customer",
            {"_action": "add", "name": "Joe", "email": "joe@example.org", "company": "COMPANY"},
        ),
    ),
    "new-row-of-a-generic-relation": (
        "rows of 'clubs.note' point to any row of 'clubs.board'",
        {**TASKS, **notes("text", "about"), **boards()},
        {**TASKS, **notes("text", "about"), **boards(rows={"title": "own"})},
        NOTE,
    ),
    "nested-row-of-a-generic-relation": (
        "rows of 'clubs.note' point to any row of 'clubs.board'",
        {**TASKS, **notes("*"), **boards(ops=["get", "edit"])},
        {**TASKS, **notes("*"), **boards(ops=["get", "edit"], rows={"title": "own"})},
        (
            "clubs.board",
            {"_action": "edit", "_id": "BOARD", "notes": {"$add": [{"text": "joe"}]}},
        ),
    ),
}
#: Reviewed alone: rules of other operations than reading, and settings that only look alike.
OTHERS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "rule-of-another-operation-about-the-row-itself": (
        "'testapp.booking.created_by' of any row",
        {
            "booking": {
                "staff": {
                    "fields": ["id", "created_by"],
                    "ops": ["get", "edit", "delete"],
                    "delete": {"rows": {"created_by": {"$user": "id"}}},
                }
            }
        },
    ),
    "rule-of-the-same-operation-about-the-row-itself": (
        None,
        {
            "booking": {
                "staff": {
                    "fields": ["id", "created_by"],
                    "ops": ["get", "edit"],
                    "edit": {"rows": {"created_by": {"$user": "id"}}},
                }
            }
        },
    ),
    "rule-of-new-rows": (
        None,
        {
            "booking": {
                "staff": {
                    "fields": ["id", "created_by"],
                    "ops": ["get", "add", "edit"],
                    "write_fields": ["created_by", "customer"],
                    "add": {"check": {"created_by": {"$user": "id"}}},
                }
            }
        },
    ),
    "generic-key-of-the-row-itself": (
        "'clubs.note.about' of any row",
        {
            **boards(),
            "clubs.note": {
                "staff": {
                    "fields": ["id", "about"],
                    "ops": ["get", "edit", "delete"],
                    "delete": {"rows": {"about.board.title": {"$user": "username"}}},
                }
            },
        },
    ),
    "rule-of-edits-over-links": (
        f"rows of '{THROUGH}'",
        {
            **links("add"),
            **teams("name", ops=["get", "edit"], edit={"rows": {"members": {"$user": "id"}}}),
        },
    ),
    "rows-that-the-caller-has-to-see": (None, {**links("add"), **teams(**OWN_TEAMS)}),
    "links-to-someone-else": (
        None,
        {**BOOKINGS, **links("add", write_fields=["team"]), **teams()},
    ),
    "links-that-hide": (
        None,
        {**without({"not": {"team.members": {"$user": "id"}}}), **links("add")},
    ),
    "links-that-hide-by-none": (
        None,
        {**without({"team.members.none": {"id": {"$user": "id"}}}), **links("add")},
    ),
    "deleted-links-that-show": (None, {**BOOKINGS, **links("delete")}),
    "deleted-links-of-others": (
        None,
        {
            **without({"team.members.none": {"id": {"$user": "id"}}}),
            **links("delete", rows={"user.ne": {"$user": "id"}, "team.name": "x"}),
        },
    ),
    "links-under-a-rule-of-code": (None, {**BOOKINGS, **links("add", rows=lambda user: None)}),
    "links-of-a-superuser": (
        None,
        {
            "booking": {"superuser": {**BOOKINGS["booking"]["staff"]}},
            THROUGH: {"superuser": links("add")[THROUGH]["staff"]},
        },
    ),
}


def findings(settings: Any, expose: Any, **others: Any) -> list[str]:
    settings.DJANGO_FLEX = {"EXPOSE": expose, "REQUIRE_AUTHENTICATION": False, **others}
    return [one.msg for one in check_settings() if one.id == "django_flex.W033"]


@pytest.fixture
def joe(db: None) -> Any:
    """A user who is staff, and in a team of their own."""
    user = get_user_model()._default_manager.create_user("joe", "joe@example.org", is_staff=True)
    Team.objects.create(name="mine").members.add(user)
    return user


@pytest.fixture
def keys(joe: Any) -> dict[str, Any]:
    """Rows that are not Joe's."""
    theirs = Team.objects.create(name="theirs")
    company = Company.objects.create(name="Acme")
    customer = Customer.objects.create(name="Ann", company=company)
    Booking.objects.create(team=theirs, customer=customer)
    board = Board.objects.create(title="theirs")
    Task.objects.create(board=board)
    link = Team.members.through.objects.get()
    return {
        "USER": joe.pk,
        "TEAM": theirs.pk,
        "LINK": link.pk,
        "COMPANY": company.pk,
        "BOARD": board.pk,
    }


def filled(value: Any, keys: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: filled(part, keys) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, keys) for part in value]
    return keys.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("name", WAYS)
def test_a_rule_that_a_new_or_moved_row_makes_true(
    settings: Any, joe: Any, keys: dict[str, Any], name: str
) -> None:
    words, wrong, right, (model, written) = WAYS[name]
    hidden = "clubs.task" if "clubs.task" in wrong else "booking"
    for expose, seen in ((right, 0), (wrong, 1)):
        messages = findings(settings, expose)
        assert bool(seen) is bool(messages), messages
        assert all(words in one for one in messages)
        if "delete" in name:  # what hides the booking of Joe's own team
            Booking.objects.update(team=Team.objects.get(name="mine"))
        result = FlexQuery(model).execute(filled(written, keys), user=joe)
        assert result.ok or not seen, result.to_dict()
        rows = FlexQuery(hidden).execute({"_action": "list", "shape": "list"}, user=joe)
        assert seen == len(rows.to_dict()["results"])


@pytest.mark.parametrize("name", OTHERS)
def test_rules_of_other_operations_and_what_only_looks_like_a_way(settings: Any, name: str) -> None:
    words, expose = OTHERS[name]
    messages = findings(settings, expose)
    assert [words in one for one in messages if words] == [True] * (words is not None), messages
    assert bool(messages) is (words is not None)


def test_a_resolver_may_say_which_rows(settings: Any) -> None:
    expose = {**BOOKINGS, **links("add")}
    assert [] == findings(settings, expose, ROLE_RESOLVER=lambda user, model: "staff")
