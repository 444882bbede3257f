"""Trees of django-mptt and django-treebeard: columns that say where in a tree a row is.

Only methods of these packages can set such columns, since those of other rows change with them.
Neither package is imported: a model is recognized by the names of its base classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db import models

TreeKind: TypeAlias = Literal["mptt", "paths", "nested sets", "adjacency lists"]


@dataclass(frozen=True, slots=True)
class Tree:
    """How a package stores a tree.

    Attributes:
        kind: which columns it has.
        columns: those that only methods of the package set; a form leaves them out.
        needed: those among them that have no default.
        implicit: whether descendants are deleted with a row although no foreign key says so.
        deleted_by_queryset: whether ``delete`` of a row passes its arguments on to ``delete`` of a
            queryset, which takes none.
    """

    kind: TreeKind
    columns: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()
    implicit: bool = False
    deleted_by_queryset: bool = True


_NESTED = frozenset({"tree_id", "lft", "rgt", "depth"})
_TREES: Mapping[str, Tree] = {
    # The columns of django-mptt are not editable.
    "mptt.models.MPTTModel": Tree("mptt", deleted_by_queryset=False),
    "treebeard.mp_tree.MP_Node": Tree(
        "paths",
        columns=frozenset({"path", "depth", "numchild"}),
        needed=frozenset({"path", "depth"}),
        implicit=True,
    ),
    "treebeard.ns_tree.NS_Node": Tree("nested sets", _NESTED, _NESTED, implicit=True),
    "treebeard.al_tree.AL_Node": Tree("adjacency lists"),
}


@cache
def tree_of(model: type[models.Model]) -> Tree | None:
    """Return how a package stores a model as a tree, ``None`` for any other model."""
    names = (f"{base.__module__}.{base.__qualname__}" for base in model.__mro__)
    return next((_TREES[name] for name in names if name in _TREES), None)


def tree_columns(model: type[models.Model]) -> frozenset[str]:
    """Return the columns of a model that only methods of the package of its tree set."""
    tree = tree_of(model)
    return frozenset() if tree is None else tree.columns


def node_model(model: type[models.Model], tree: Tree) -> type[models.Model]:
    """Return the model whose table has the columns of a tree, a parent of the model or itself."""
    found: type[models.Model] = model._meta.get_field(min(tree.columns)).model
    return found
