"""django-polymorphic: a manager that returns rows of several models."""

from __future__ import annotations

from tests.ecosystem.conftest import added, ask, edited, rows
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
