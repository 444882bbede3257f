"""django-mptt and django-treebeard: trees whose columns belong together."""

from __future__ import annotations

from typing import Any

import pytest
from mptt.exceptions import InvalidMove

from tests.ecosystem.conftest import GRANT, added, ask, edited, expose, rows
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


def refusal(node: int, target: int) -> str:
    """What the package says about a move."""
    moved = Genre.objects.get(pk=node)
    moved.parent_id = target
    with pytest.raises(InvalidMove) as raised:
        moved.save()
    return str(raised.value)


def family(name: str) -> None:
    """A tree with three levels and one with a single node."""
    nodes = NODES[name].objects
    root = nodes.add_root({"name": "root"})
    child = nodes.add_child(nodes.get(pk=root.pk), {"name": "child"})
    nodes.add_child(nodes.get(pk=root.pk), {"name": "a"})
    nodes.add_child(nodes.get(pk=child.pk), {"name": "grandchild"})
    nodes.add_root({"name": "other"})


def key(name: str, node: str) -> int:
    found: int = NODES[name].objects.get(name=node).pk
    return found


def names(name: str) -> list[str]:
    return sorted(node.name for node in NODES[name].objects.all())


def problems(name: str) -> list[Any]:
    """What the package finds wrong with a tree; in adjacency lists nothing can be."""
    if name == "listnode":
        return []
    return [found for found in NODES[name].objects.find_problems() if found]


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


@pytest.mark.parametrize("below", ["rock", "punk", "hardcore"])
def test_mptt_moves_no_node_below_itself(below: str) -> None:
    rock = added("genre", name="rock")
    punk = added("genre", name="punk", parent=rock["id"])
    added("genre", name="hardcore", parent=punk["id"])
    target = Genre.objects.get(name=below).pk
    before = genres()

    for name in ("parent", "parent_id"):
        status, reply = ask("genre", "edit", id=rock["id"], **{name: target})
        assert (400, {name: [refusal(rock["id"], target)]}) == (status, reply["fields"])
    status, reply = ask("genre", "bulk_edit", filters={"name": "rock"}, _set={"parent": target})
    assert (400, ["parent"]) == (status, [*reply["fields"]])

    assert before == genres() == rebuilt()


def test_mptt_moves_no_two_nodes_below_each_other() -> None:
    rock, pop = added("genre", name="rock"), added("genre", name="pop")
    before = genres()

    both = [{"id": rock["id"], "parent": pop["id"]}, {"id": pop["id"], "parent": rock["id"]}]
    status, reply = ask("genre", "edit", _items=both)

    assert (400, "_items[1]", ["parent"]) == (status, reply["path"], [*reply["fields"]])
    assert before == genres() == rebuilt()


@pytest.mark.parametrize("chosen", [["rock", "punk"], ["punk", "hardcore"], ["rock", "hardcore"]])
def test_mptt_deletes_nodes_and_those_below_them_by_filter(chosen: list[str]) -> None:
    rock = added("genre", name="rock")
    punk = added("genre", name="punk", parent=rock["id"])
    added("genre", name="hardcore", parent=punk["id"])
    for name in ("indie", "metal"):
        added("genre", name=name, parent=rock["id"])
    added("genre", name="doom", parent=Genre.objects.get(name="metal").pk)

    status, reply = ask("genre", "bulk_delete", filters={"name.in": chosen})

    assert (200, 2) == (status, reply["affected"])
    assert genres() == rebuilt()


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
    for values in ({"name": "a"}, {"_items": [{"name": "a"}, {"name": "b"}]}):
        status, reply = ask(name, "add", **values)

        assert (400, "query.unsupported") == (status, reply["code"])
        assert "add_child()" in reply["hint"]
    assert not NODES[name].objects.exists()


@pytest.mark.parametrize("name", ["pathnode", "nestednode"])
def test_treebeards_columns_are_not_written_unless_they_are_named(name: str, settings: Any) -> None:
    node = NODES[name].objects.add_root({"name": "a"})
    place = {"pathnode": {"path": "0002"}, "nestednode": {"tree_id": 2, "lft": 1, "rgt": 2}}[name]
    place["depth"] = 1

    for column, value in place.items():
        assert 403 == ask(name, "add", **{"name": "b", **place})[0]
        assert 403 == ask(name, "edit", id=node.pk, **{column: value})[0]

    settings.DJANGO_FLEX = expose(
        **{name: {"anon": {**GRANT, "write_fields": ["name", "numchild", *place]}}}
        if name == "pathnode"
        else {name: {"anon": {**GRANT, "write_fields": ["name", *place]}}}
    )
    assert 400 == ask(name, "add", name="b", depth=1)[0]
    assert 201 == ask(name, "add", name="b", **place)[0]
    assert problems(name) == []


@pytest.mark.parametrize("name", NODES)
def test_treebeard_deletes_a_node_with_those_below_it(name: str) -> None:
    family(name)

    assert 200 == ask(name, "delete", id=key(name, "child"))[0]

    assert ["a", "other", "root"] == names(name)
    assert problems(name) == []


@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize(
    "chosen", [["root", "child"], ["grandchild", "child"], ["a", "grandchild"]]
)
def test_treebeard_deletes_by_filter(name: str, chosen: list[str]) -> None:
    family(name)
    kept = {node.name for node in NODES[name].objects.all()} - set(chosen)
    below = {"root": {"child", "a", "grandchild"}, "child": {"grandchild"}}

    status, reply = ask(name, "bulk_delete", filters={"name.in": chosen})

    assert (200, 2) == (status, reply["affected"])
    assert sorted(kept.difference(*(below.get(one, ()) for one in chosen))) == names(name)
    assert problems(name) == []


@pytest.mark.parametrize("name", NODES)
def test_treebeard_deletes_no_node_with_hidden_ones_below_it(name: str, settings: Any) -> None:
    family(name)
    settings.DJANGO_FLEX = expose(**{name: {"anon": {**GRANT, "rows": {"name.ne": "grandchild"}}}})

    for chosen in ("child", "root"):
        assert 409 == ask(name, "delete", id=key(name, chosen))[0]
        assert 409 == ask(name, "bulk_delete", filters={"name": chosen})[0]
    assert 200 == ask(name, "delete", id=key(name, "a"))[0]

    assert ["child", "grandchild", "other", "root"] == names(name)
    assert problems(name) == []


def test_treebeard_moves_no_node_of_an_adjacency_list_below_itself() -> None:
    family("listnode")
    keys = {node.name: node.pk for node in ListNode.objects.all()}

    for below in ("root", "child", "grandchild"):
        status, reply = ask("listnode", "edit", id=keys["root"], parent=keys[below])
        assert (400, ["parent"]) == (status, [*reply["fields"]])
    both = [{"id": keys["a"], "parent": keys["child"]}, {"id": keys["child"], "parent": keys["a"]}]
    status, reply = ask("listnode", "edit", _items=both)
    assert (400, ["parent"]) == (status, [*reply["fields"]])

    assert 200 == ask("listnode", "edit", id=keys["child"], parent=keys["other"])[0]
    assert ["child"] == [node.name for node in ListNode.objects.get(name="other").get_children()]


def test_treebeard_adds_to_adjacency_lists() -> None:
    root = added("listnode", name="a")
    added("listnode", name="b", parent=root["id"])

    assert ["b"] == [node.name for node in ListNode.objects.get(pk=root["id"]).get_children()]
