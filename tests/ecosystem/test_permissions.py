"""django-guardian: who may see a row is stored for each row."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import Q
from guardian.shortcuts import assign_perm, get_objects_for_user

from tests.ecosystem.conftest import GRANT, ask, expose
from tests.ecosystem.models import Task


def permitted(user: Any) -> Q:
    """The rule: the rows that the package returns for the user."""
    return Q(pk__in=get_objects_for_user(user, "ecosystem.see_task").values("pk"))


@pytest.fixture(autouse=True)
def guarded(exposed: None, settings: Any) -> None:
    task = {"authenticated": {**GRANT, "rows": permitted}}
    settings.DJANGO_FLEX = {**expose(task=task), "REQUIRE_AUTHENTICATION": True}


@pytest.fixture
def tasks(db: None) -> dict[str, Task]:
    return {name: Task.objects.create(name=name) for name in "abc"}


def seen(user: User) -> list[str]:
    status, reply = ask("task", "list", user, order_by="name", shape="list")
    assert 200 == status
    return [row["name"] for row in reply["results"]]


def test_rows_are_those_that_the_user_has_a_permission_for(tasks: dict[str, Task]) -> None:
    user, other = (User.objects.create(username=name) for name in ("x", "y"))
    group = Group.objects.create(name="staff")
    user.groups.add(group)
    assign_perm("see_task", user, tasks["a"])
    assign_perm("see_task", group, tasks["b"])

    assert (["a", "b"], []) == (seen(user), seen(other))
    assert ["a", "b"] == [task.name for task in get_objects_for_user(user, "ecosystem.see_task")]


def test_a_row_without_a_permission_is_neither_read_nor_written(tasks: dict[str, Task]) -> None:
    user = User.objects.create(username="x")
    assign_perm("see_task", user, tasks["a"])

    assert 200 == ask("task", "edit", user, id=tasks["a"].pk, name="z")[0]
    assert 404 == ask("task", "edit", user, id=tasks["b"].pk, name="z")[0]
    assert 404 == ask("task", "get", user, id=tasks["b"].pk)[0]
    status, reply = ask("task", "bulk_delete", user, filters={})
    assert (200, 1) == (status, reply["affected"])
    assert ["b", "c"] == [task.name for task in Task.objects.order_by("name")]
