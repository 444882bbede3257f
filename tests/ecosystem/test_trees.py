"""django-mptt and django-treebeard: trees whose columns belong together."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ecosystem.conftest import added, ask, edited, rows
from tests.ecosystem.models import Genre, ListNode, NestedNode, PathNode

NODES = {"pathnode": PathNode, "nestednode": NestedNode, "listnode": ListNode}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def genres() -> list[tuple[Any, ...]]:
    names = ("name", "parent__name", "level", "lft", "rght")
    return list(Genre.objects.order_by("pk").values_list(*names))


def rebuilt() -> list[tuple[Any, ...]]:
    """The same after the package has worked the columns of the tree out anew."""
    Genre.objects.rebuild()
    return genres()


def test_mptt_adds_and_moves_and_deletes() -> None:
    rock = added("genre", name="rock")
    punk = added("genre", name="punk", parent=rock["id"])
    pop = added("genre", name="pop")
    assert 1 == punk["level"]
    assert genres() == rebuilt()

    row = edited("genre", punk["id"], parent=pop["id"])
    assert (pop["id"], 1) == (row["parent"], row["level"])
    assert genres() == rebuilt()

    assert 200 == ask("genre", "delete", id=pop["id"])[0]
    assert ["rock"] == [genre.name for genre in Genre.objects.all()]
    assert genres() == rebuilt()


def test_mptt_moves_many() -> None:
    rock, pop = added("genre", name="rock"), added("genre", name="pop")
    for name in ("a", "b", "c"):
        added("genre", name=name, parent=rock["id"])

    status, _ = ask("genre", "bulk_edit", filters={"level": 1}, _set={"parent": pop["id"]})

    assert 200 == status
    assert 3 == Genre.objects.get(name="pop").get_descendant_count()
    assert genres() == rebuilt()


def test_mptt_reads_both_ways() -> None:
    rock = added("genre", name="rock")
    added("genre", name="punk", parent=rock["id"])

    found = rows("genre", "name, parent.name, children.name", filters={"level": 0})
    assert [{"name": "rock", "parent": None, "children": [{"name": "punk"}]}] == found
    assert ["punk"] == [row["name"] for row in rows("genre", filters={"parent.name": "rock"})]


@pytest.mark.parametrize("name", NODES)
def test_treebeard_reads_and_edits(name: str) -> None:
    model = NODES[name]
    root = model.add_root(name="a")
    child = root.add_child(name="b")

    assert [{"name": "a"}, {"name": "b"}] == rows(name, "name")
    assert "c" == edited(name, child.pk, name="c")["name"]
    assert ["c"] == [node.name for node in model.objects.get(pk=root.pk).get_children()]


@pytest.mark.parametrize("name", NODES)
def test_treebeard_keeps_the_order_of_the_tree(name: str) -> None:
    """By path or by numbers: what the package's own queries are sorted by."""
    model = NODES[name]
    first = model.add_root(name="a")
    model.add_root(name="b")
    model.objects.get(pk=first.pk).add_child(name="c")
    order = {"pathnode": "path", "nestednode": "tree_id,lft"}.get(name, "name")

    if name != "listnode":
        found = [row["name"] for row in rows(name, "name", order_by=order)]
        assert [node.name for node in model.get_tree()] == found


@pytest.mark.parametrize("name", ["pathnode", "nestednode"])
def test_treebeard_adds_no_node_without_its_own_methods(name: str) -> None:
    status, reply = ask(name, "add", name="a")

    assert 400 == status
    assert "depth" in reply["fields"]


def test_treebeard_adds_to_adjacency_lists() -> None:
    root = added("listnode", name="a")
    added("listnode", name="b", parent=root["id"])

    assert ["b"] == [node.name for node in ListNode.objects.get(pk=root["id"]).get_children()]
