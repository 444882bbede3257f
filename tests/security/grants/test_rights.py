"""No wildcard lets a role give itself rights: by groups, which are roles, permissions or their links."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.test.utils import isolate_apps

from django_flex import FlexQuery
from django_flex.checks import check_settings
from django_flex.conf import get_settings
from django_flex.policy import guarding
from django_flex.schema.introspection import describe
from tests.testapp.models import Booking, Company, Customer, Errand, Line

WILD: dict[str, Any] = {"rows": "*", "fields": ["*"], "filters": ["*"], "ops": ["*"]}
MODELS = (
    "auth.group",
    "auth.permission",
    "auth.user_groups",
    "auth.user_user_permissions",
    "contenttypes.contenttype",
)
EVERY = (*MODELS, "auth.group_permissions", "auth.user")


def expose(settings: Any, **more: Any) -> None:
    settings.DJANGO_FLEX = {
        "EXPOSE": {
            **{name: {"authenticated": {**WILD, **more}} for name in EVERY},
            "company": {"managers": WILD},
        }
    }


def run(caller: User, model: str, action: str, **spec: Any) -> int:
    # Who has asked before keeps the groups that they had then.
    found = User.objects.get(pk=caller.pk)
    return FlexQuery(model).execute({"_action": action, **spec}, user=found).status_code


@pytest.fixture
def ana(db: None) -> User:
    """A user of one group, who may add users."""
    user = User.objects.create_user("ana", pk=51)
    group = Group.objects.create(pk=61, name="clerks")
    group.permissions.add(Permission.objects.get(codename="add_user"))
    user.groups.add(group)
    Group.objects.create(pk=62, name="managers")
    return user


ATTACKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "renames-the-group": ("auth.group", "edit", {"_id": 61, "name": "Managers"}),
    "gives-the-group-permissions": ("auth.group", "edit", {"_id": 61, "permissions": [1]}),
    "adds-permissions": ("auth.group", "edit", {"_id": 61, "permissions": {"$add": [1]}}),
    "adds-users": ("auth.group", "edit", {"_id": 62, "user": {"$add": [51]}}),
    "adds-a-group": ("auth.group", "add", {"name": "bosses"}),
    "adds-a-link-to-a-group": ("auth.user_groups", "add", {"user": 51, "group": 62}),
    "edits-groups": ("auth.user", "edit", {"_id": 51, "groups": [62]}),
    "adds-a-link-to-a-permission": (
        "auth.user_user_permissions",
        "add",
        {"user": 51, "permission": 1},
    ),
    "adds-a-link-of-a-group": ("auth.group_permissions", "add", {"group": 61, "permission": 2}),
    "by-another-name": ("auth.permission", "edit", {"_id": 1, "codename": "view_x"}),
    "nested": ("auth.user", "edit", {"_id": 51, "groups": {"$add": [{"name": "bosses"}]}}),
    "moves-permissions-to-another-app": (
        "contenttypes.contenttype",
        "edit",
        {"_id": 1, "app_label": "x"},
    ),
    "by-filter": ("auth.group", "bulk_edit", {"filters": {"id": 61}, "_set": {"name": "x"}}),
    "upsert": ("auth.group", "upsert", {"_match": "name", "name": "bosses"}),
}


def state() -> list[Any]:
    links = (User.groups.through, User.user_permissions.through, Group.permissions.through)
    models: Any = (ContentType, Group, Permission, *links)
    return [list(model.objects.order_by("pk").values_list()) for model in models]


@pytest.mark.parametrize("name", ATTACKS)
def test_a_wildcard_gives_no_rights(settings: Any, ana: User, name: str) -> None:
    expose(settings)
    model, action, spec = ATTACKS[name]
    before = state()

    assert run(ana, model, action, **spec) in {400, 403}
    assert before == state()
    assert 403 == run(ana, "company", "list")


@pytest.mark.parametrize("model", [*MODELS, "auth.group_permissions"])
@pytest.mark.parametrize("role", ["authenticated", "superuser"])
def test_only_a_grant_that_says_so_deletes_them(
    settings: Any, ana: User, model: str, role: str
) -> None:
    User.objects.filter(pk=ana.pk).update(is_superuser=role == "superuser")
    ana.user_permissions.add(Permission.objects.get(codename="add_user"))
    rows: Any = apps.get_model(model)._default_manager
    key = rows.earliest("pk").pk
    for grant in ("*", WILD, {**WILD, "ops": ["*", "bulk_edit"]}):
        settings.DJANGO_FLEX = {"EXPOSE": {model: {role: grant}}}
        before = state()
        assert 200 == run(ana, model, "get", _id=key)
        assert 403 == run(ana, model, "delete", _id=key)
        assert 403 == run(ana, model, "bulk_delete", filters={"id": key})
        assert before == state()
    named = {**WILD, "ops": ["*", "delete"], "delete": {"cascade": ["auth.permission"]}}
    settings.DJANGO_FLEX = {"EXPOSE": {model: {role: named}}}
    assert 200 == run(ana, model, "delete", _id=key)


def test_no_wildcard_deletes_where_the_guarded_names_cannot_be_read(
    settings: Any, ana: User
) -> None:
    for model in ("auth.group", "company"):
        for unreadable in (5, "password"):
            settings.DJANGO_FLEX = {
                "EXPOSE": {model: {"authenticated": WILD}},
                "GUARDED_FIELDS": unreadable,
            }
            key = 62 if model == "auth.group" else Company.objects.create(name="x").pk
            assert 403 == run(ana, model, "delete", _id=key)
    assert 2 == Group.objects.count()


def test_a_wildcard_deletes_other_rows(settings: Any, ana: User) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": {"company": {"authenticated": "*"}}}
    assert 200 == run(ana, "company", "delete", _id=Company.objects.create(name="x").pk)


@pytest.mark.parametrize("model", MODELS)
def test_a_wildcard_still_reads_them(settings: Any, ana: User, model: str) -> None:
    expose(settings)
    assert 200 == run(ana, model, "list")
    assert 200 == run(ana, model, "list", filters={"id": 61})


def test_what_a_grant_names_is_written(settings: Any, ana: User) -> None:
    expose(settings, write_fields=["name", "permissions", "user", "group"])
    assert 200 == run(ana, "auth.group", "edit", _id=61, name="x", permissions=[1])
    assert 201 == run(ana, "auth.user_groups", "add", user=51, group=62)
    assert 200 == run(ana, "company", "list")


#: name: the model, the grant on it, the other entries, and whether its rows are deleted
CASCADES: dict[str, tuple[str, Any, dict[str, Any], bool]] = {
    "any": ("contenttype", {"cascade": "*"}, {}, False),
    "named": ("contenttype", {"cascade": ["*", "auth.permission"]}, {}, True),
    "deletable": (
        "contenttype",
        {"cascade": "*"},
        {"auth.permission": {**WILD, "ops": ["get", "delete"]}},
        True,
    ),
    "only-readable": ("contenttype", {"cascade": "*"}, {"auth.permission": WILD}, False),
    "everything-on-permissions": ("contenttype", {"cascade": "*"}, {"auth.permission": "*"}, False),
    "of-a-user": ("user", {"cascade": "*"}, {}, True),
    "of-another-row": ("booking", {"cascade": "*"}, {}, False),
    "of-another-row-and-named": ("booking", {"cascade": ["*", "line"]}, {}, True),
}


@pytest.mark.parametrize("name", CASCADES)
@pytest.mark.parametrize("role", ["authenticated", "superuser"])
def test_rights_go_with_their_user_only_or_where_a_grant_names_them(
    settings: Any, ana: User, monkeypatch: pytest.MonkeyPatch, name: str, role: str
) -> None:
    model, delete, others, deleted = CASCADES[name]
    # Stand-ins for tokens of other packages: one of users, and one of other rows.
    monkeypatch.setattr(
        guarding, "CREDENTIALS", {**guarding.CREDENTIALS, "testapp.errand": (), "testapp.line": ()}
    )
    User.objects.filter(pk=ana.pk).update(is_superuser=role == "superuser")
    bob = User.objects.create_user("bob")
    Errand.objects.create(user=bob)
    booking = Booking.objects.create(customer=Customer.objects.create(name="x"), created_by=bob)
    Line.objects.create(booking=booking, product="x")
    kind = ContentType.objects.create(app_label="gone", model="gone")
    Permission.objects.create(content_type=kind, codename="view_gone")
    key = {"contenttype": kind, "user": bob, "booking": booking}[model].pk
    grant = {"fields": ["id"], "ops": ["get", "delete"], "delete": delete}
    settings.DJANGO_FLEX = {
        "EXPOSE": {model: {role: grant}, **{other: {role: one} for other, one in others.items()}}
    }
    counted: Any = {"contenttype": Permission, "user": Errand, "booking": Line}[model]
    before = counted.objects.count()

    assert (200 if deleted else 409) == run(ana, model, "delete", _id=key)
    assert before - deleted == counted.objects.count()
    about = {"contenttype": "auth.permission", "booking": "testapp.line"}.get(model, "-")
    found = [one.msg for one in check_settings() if one.id == "django_flex.I004"]
    refused = [one for one in found if "cannot be deleted" in one and about in one]
    assert bool(refused) is not deleted, found


def test_settings_that_guard_no_groups_leave_them_to_wildcards(settings: Any, ana: User) -> None:
    expose(settings)
    settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "GUARDED_FIELDS": ["user.is_superuser"]}
    assert 200 == run(ana, "auth.group", "edit", _id=61, name="x")


@pytest.mark.parametrize("model", ["auth.group", "auth.user_groups"])
@pytest.mark.parametrize("role", ["superuser", "staff"])
def test_a_grant_that_names_them_is_a_warning(settings: Any, model: str, role: str) -> None:
    written = ["name"] if model == "auth.group" else ["user", "group"]
    grant = {"fields": ["id"], "ops": ["get", "edit"], "write_fields": written}
    settings.DJANGO_FLEX = {"EXPOSE": {model: {role: grant}}}
    found = [one.msg for one in check_settings() if one.id == "django_flex.W025"]

    assert (role == "staff") == bool(found)
    assert all(", ".join(sorted(written)) in one for one in found)


def test_tokens_of_other_packages_are_secrets(
    settings: Any, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Their own models are abstract unless they are installed before they are imported.
    monkeypatch.setattr(guarding, "CREDENTIALS", {"testapp.company": ("tax_id",)})
    token = Company.objects.create(name="ana's", tax_id="secret")
    settings.DJANGO_FLEX = {"EXPOSE": {"company": {"authenticated": WILD}}}

    assert 403 == run(ana, "company", "list", fields="tax_id")
    assert 403 == run(ana, "company", "list", filters={"tax_id.startswith": "s"})
    assert 403 == run(ana, "company", "edit", _id=token.pk, name="root's")
    assert 200 == run(ana, "company", "get", _id=token.pk)
    settings.DJANGO_FLEX = {
        "EXPOSE": {"company": {"authenticated": {**WILD, "write_fields": ["name"]}}}
    }
    assert "django_flex.W025" in {one.id for one in check_settings()}
    assert 200 == run(ana, "company", "edit", _id=token.pk, name="root's")


def test_nobody_takes_the_session_of_another_user_by_a_wildcard(settings: Any, ana: User) -> None:
    """Whoever copied the contents of an administrator's session into their own would be signed in."""
    session = Session.objects.create(
        session_key="k" * 32, session_data="of-root", expire_date="2099-01-01T00:00:00Z"
    )
    # The key is a secret, too, so that only a grant that names it lists sessions.
    grant = {**WILD, "fields": ["*", "session_key"]}
    settings.DJANGO_FLEX = {"EXPOSE": {"session": {"authenticated": grant}}}

    assert 200 == run(ana, "session", "list", fields="expire_date")
    assert 403 == run(ana, "session", "list", fields="session_data")
    assert 403 == run(ana, "session", "list", filters={"session_data.startswith": "o"})
    assert 403 == run(ana, "session", "edit", _id=session.pk, session_data="of-ana")
    assert "of-root" == Session.objects.get().session_data


@isolate_apps("tests.testapp")
def test_sessions_of_a_class_of_the_project_are_guarded_like_those_of_django() -> None:
    class OwnSession(AbstractBaseSession):
        class Meta:
            app_label = "testapp"

    guard, own = get_settings().policy.guard, describe(OwnSession)
    assert guard.gives_rights(own)
    assert guard.covers(own, own.attributes["session_data"])
    assert not guard.covers(own, own.attributes["expire_date"])
