"""django-polymorphic: a manager that returns rows of several models."""

from __future__ import annotations

from typing import Any

from tests.ecosystem.conftest import GRANT, added, ask, edited, expose, rows
from tests.ecosystem.models import ArtProject, Project, ResearchProject


def test_rows_know_their_own_model() -> None:
    added("artproject", topic="a", artist="x")
    added("researchproject", topic="b", supervisor="y")
    added("project", topic="c")

    found = list(Project.objects.order_by("pk"))
    assert [ArtProject, ResearchProject, Project] == [type(project) for project in found]
    assert [{"topic": p.topic} for p in found] == rows("project", "topic")
    assert [{"topic": "a", "artist": "x"}] == rows("artproject", "topic, artist")


def test_columns_of_the_other_models_are_reached_by_relations() -> None:
    added("artproject", topic="a", artist="x")
    added("project", topic="c")

    found = rows("project", "topic, artproject.artist")
    assert [
        {"topic": "a", "artproject": {"artist": "x"}},
        {"topic": "c", "artproject": None},
    ] == found
    assert [{"topic": "a"}] == rows("project", "topic", filters={"artproject.artist": "x"})
    kinds = rows("project", "polymorphic_ctype.model")
    assert ["artproject", "project"] == [row["polymorphic_ctype"]["model"] for row in kinds]


def test_edits_by_either_model_are_one_row() -> None:
    row = added("artproject", topic="a", artist="x")

    edited("project", row["id"], topic="b")
    edited("artproject", row["id"], artist="y")
    assert 200 == ask("project", "bulk_edit", filters={"topic": "b"}, _set={"topic": "c"})[0]

    project = Project.objects.get()
    assert (ArtProject, "c", "y") == (type(project), project.topic, project.artist)


def test_a_delete_removes_the_row_of_both_models() -> None:
    row = added("artproject", topic="a", artist="x")

    assert 200 == ask("project", "delete", id=row["id"])[0]

    assert (0, 0) == (Project.objects.count(), ArtProject.objects.count())


def test_rows_of_several_models_are_deleted_by_filter() -> None:
    for letter in "ab":
        added("artproject", topic=letter, artist="x")
        added("researchproject", topic=letter, supervisor="y")
        added("project", topic=letter)

    status, reply = ask("project", "bulk_delete", filters={"topic": "a"})

    assert (200, 3) == (status, reply["affected"])
    assert [ArtProject, ResearchProject, Project] == [
        type(one) for one in Project.objects.order_by("pk")
    ]
    assert (1, 1) == (ArtProject.objects.count(), ResearchProject.objects.count())


def test_rows_of_several_models_are_deleted_under_the_rules_of_each(settings: Any) -> None:
    art = added("artproject", topic="a", artist="x")
    research = added("researchproject", topic="a", supervisor="y")
    plain = added("project", topic="a")
    settings.DJANGO_FLEX = expose(
        artproject={"anon": {**GRANT, "rows": {"artist": "z"}}},
        project={"anon": {**GRANT, "rows": {"topic.in": ["a", "b"]}}},
    )

    assert 409 == ask("project", "delete", id=art["id"])[0]
    for chosen in ([art["id"]], [art["id"], plain["id"]]):
        assert 409 == ask("project", "bulk_delete", filters={"id.in": chosen})[0]
        assert 409 == ask("project", "delete", _items=chosen)[0]
    chosen = [research["id"], plain["id"]]
    status, reply = ask("project", "bulk_delete", filters={"id.in": chosen})

    assert (200, 2) == (status, reply["affected"])
    assert [ArtProject] == [type(project) for project in Project.objects.all()]
