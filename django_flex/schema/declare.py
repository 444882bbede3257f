"""Makes a resource that no Django model describes, for a backend of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.query.kinds import KINDS, WITH_ITEMS
from django_flex.schema.plurals import plural
from django_flex.schema.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django_flex.schema.declarations import Text
    from django_flex.schema.resources import Attribute, Relation


def declare(
    label: str,
    attributes: Iterable[Attribute],
    relations: Iterable[Relation] = (),
    *,
    verbose_name: Text = "",
    verbose_name_plural: Text = "",
    unique: Iterable[Iterable[str]] = (),
) -> Resource:
    """Return a resource that no Django model describes.

    Args:
        label: its unique name, in small letters, as in ``shop.booking``.
        attributes: its columns; exactly one is the primary key. A key of several columns is an
            attribute of the kind ``composite`` besides them, which has them as its parts.
        relations: the ways to other resources of the same schema, Django models among them.
        verbose_name: what people call one row; without it, what the label says.
        verbose_name_plural: what they call many.
        unique: sets of attributes whose values are unique together, besides the key.

    Raises:
        TypeError: it has no key or several, an unknown kind, a name twice, or ranges of nothing.
    """
    by_name = {one.name: one for one in attributes}
    ways = {one.name: one for one in relations}
    keys = [one for one in by_name.values() if one.primary_key]
    _check(label, by_name, ways, keys)
    name = label.rpartition(".")[2]
    words = name.replace("_", " ")
    (pk,) = keys
    return Resource(
        name=name,
        label=label,
        pk=pk,
        attributes=by_name,
        relations=ways,
        _attribute_names={"pk": pk, **{a.lookup: a for a in by_name.values()}, **by_name},
        _relation_names={**{n: one for one in ways.values() for n in one.names}, **ways},
        object_name=name,
        verbose_name=verbose_name or words,
        verbose_name_plural=verbose_name_plural or plural(words),
        kinds=frozenset((label,)),
        unique=frozenset((frozenset((pk.name,)), *map(frozenset, unique))),
        key_name=_key_name(by_name, pk),
    )


def _key_name(attributes: Mapping[str, Attribute], pk: Attribute) -> str:
    """Return what the key of a row is called beside its values."""
    if pk.parts:
        return pk.name
    return "id" if attributes.get("id", pk) is pk else "pk"


def _check(
    label: str,
    attributes: Mapping[str, Attribute],
    relations: Mapping[str, Relation],
    keys: list[Attribute],
) -> None:
    if len(keys) != 1:
        named = f": {', '.join(one.name for one in keys)}" if keys else ""
        text = "needs one attribute as its primary key, and has"
        raise TypeError(f"'{label}' {text} {len(keys)}{named}")
    if label != label.lower() or not label.rpartition(".")[0]:
        raise TypeError(f"'{label}' is no label; one is in small letters, as in 'shop.booking'")
    unknown = sorted({one.kind for one in attributes.values()} - KINDS.keys())
    if unknown:
        raise TypeError(f"'{label}' has values of unknown kinds: {', '.join(unknown)}")
    untyped = sorted(n for n, one in attributes.items() if one.kind in WITH_ITEMS and not one.items)
    if untyped:
        raise TypeError(f"'{label}' does not say what is in the values of {', '.join(untyped)}")
    # The key of a related row goes by the name of the relation, as in Django.
    keys_of = {one.name: one.column for one in relations.values()}
    twice = [n for n in attributes.keys() & keys_of if attributes[n].lookup != keys_of[n]]
    if twice:
        both = ", ".join(sorted(twice))
        raise TypeError(f"'{label}' has attributes and relations of one name: {both}")
