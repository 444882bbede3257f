"""Grants of the roles of a model, from what its views offer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django_flex.contrib.rest_importing.probing import KINDS
from django_flex.scaffold.trying import takes_order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from django_flex.contrib.rest_importing.offers import Offer, Offers
    from django_flex.contrib.rest_importing.probing import Kind
    from django_flex.contrib.rest_importing.row_rules import Rule
    from django_flex.schema.resources import Resource

#: How operations are listed in a grant.
_ORDER = ("get", "list", "add", "edit", "delete")
_READS = frozenset({"get", "list"})
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(slots=True)
class Entry:
    """The entry of one model: its keys, and the grants of its roles."""

    label: str
    views: list[str]
    keys: dict[str, Any] = field(default_factory=dict)
    roles: dict[str, dict[str, Any]] = field(default_factory=dict)


def entry_of(resource: Resource, found: Offers, max_limit: int) -> Entry:
    """Return the entry of a model.

    Args:
        resource: the model.
        found: what the views offer; what is left out is added to its gaps.
        max_limit: how many rows a page has at most, whatever is granted.
    """
    label = resource.label
    offers = [one for one in found.offers if one.label == label]
    entry = Entry(label, [*dict.fromkeys(one.view for one in offers)])
    serializer = next((one.serializer for one in offers if one.operation in {"add", "edit"}), None)
    if serializer is not None:
        offers = [one for one in offers if _validates(one, serializer, found)]
        entry.keys["serializer_class"] = serializer
    by_kind = {
        kind: _grant([one for one in offers if one.kind == kind], resource, found, max_limit)
        for kind in KINDS
    }
    entry.roles = _roles(by_kind, label, found)
    order = _default_order(offers, entry, resource, found)
    if order:
        entry.keys = {"default_order_by": order, **entry.keys}
    if not any({"add", "edit"} & {*grant.get("ops", ())} for grant in entry.roles.values()):
        entry.keys.pop("serializer_class", None)
    return entry


def _validates(offer: Offer, serializer: str, found: Offers) -> bool:
    """Whether an offer writes by the one serializer that the entry has, or does not write."""
    if offer.operation not in {"add", "edit"} or offer.serializer == serializer:
        return True
    text = (
        f"'{offer.operation}' is validated by {offer.serializer}, and an entry has one serializer"
    )
    found.lose(offer.label, offer.view, text)
    return False


def _grant(
    offers: Sequence[Offer], resource: Resource, found: Offers, max_limit: int
) -> dict[str, Any]:
    """Return the grant of one kind of caller, empty if nothing is granted."""
    offers = _by_known_key(_keyed(_of_one_rule(offers, found), resource, found), found)
    if not offers:
        return {}
    reads = [one for one in offers if one.operation in _READS]
    lists = [one for one in reads if one.operation == "list"]
    grant: dict[str, Any] = {}
    base = _base(offers)
    if base:
        grant["rows"] = base
    fields = _merged(one.shape.reads for one in reads or offers)
    grant["fields"] = fields
    if lists:
        searched = _merged(one.narrowing.search for one in lists)
        grant["filters"] = _merged(_filters(one, fields, found) for one in reads)
        grant["search"] = [path for path in searched if path in fields]
        grant["order_by"] = _merged(one.narrowing.orders for one in lists)
        for path in searched:
            if path not in fields:
                text = f"'{path}' is searched, and not shown: only what is shown is searched here"
                found.lose(lists[0].label, lists[0].view, text)
    grant |= _writes(offers, base)
    granted = {one.operation for one in offers}
    grant["ops"] = [one for one in _ORDER if one in granted]
    grant |= _limits(lists, offers, max_limit)
    return {key: one for key, one in grant.items() if one or key in {"fields", "ops"}}


def _of_one_rule(offers: Sequence[Offer], found: Offers) -> list[Offer]:
    """Return the offers that read the same rows: a grant has one rule.

    Those that list come first. What another view shows of other rows is left out.
    """
    reads = sorted(
        (one for one in offers if one.operation in _READS), key=lambda one: one.operation != "list"
    )
    if not reads:
        return [*offers]
    kept = []
    for one in offers:
        if one.operation in _READS and one.rows != reads[0].rows:
            text = f"'{one.operation}' is of other rows than those of {reads[0].view}: not granted"
            found.lose(one.label, one.view, text)
        else:
            kept.append(one)
    return kept


def _filters(offer: Offer, fields: Collection[str], found: Offers) -> Iterator[str]:
    """Yield the filters of an offer; one of certain values only where the column is shown anyway."""
    for text in offer.narrowing.filters:
        path = offer.narrowing.chosen.get(text)
        if path is None or path in fields:
            yield text
        else:
            gap = f"the filter '{text}' takes certain values, of a column that is not shown"
            found.lose(offer.label, offer.view, gap)


def _keyed(offers: Sequence[Offer], resource: Resource, found: Offers) -> list[Offer]:
    """Return the offers whose callers know the keys of rows, which replies tell.

    A key that is a number can be guessed, so that where some view finds rows by it, lists may tell it.
    """
    known = any(one.keyed for one in offers)
    guessed = resource.pk.kind == "integer"
    kept = [one for one in offers if known and (one.keyed or guessed or one.operation != "list")]
    for one in offers:
        if one not in kept:
            text = "no serializer shows the key of a row, and replies name rows by it: add the key"
            found.lose(one.label, one.view, text)
    return kept


def _by_known_key(offers: Sequence[Offer], found: Offers) -> list[Offer]:
    """Return the offers without those by which a caller would learn to find rows.

    Here rows are found by their key, which lists tell. A view that finds rows by another column may
    be meant for those who know its value, so lists have to show that.
    """
    told = {
        path
        for one in offers
        if one.operation == "list"
        for path in (*one.shape.reads, *one.shape.linked)
    }
    kept = []
    for one in offers:
        if one.lookup is None or one.lookup in told:
            kept.append(one)
            if one.lookup in one.narrowing.filters:
                text = (
                    f"rows are found by their key here, and by the filter '{one.lookup}' in a list"
                )
                found.lose(one.label, one.view, text)
        else:
            text = (
                f"'{one.operation}' finds rows by '{one.lookup}', which no list shows: not granted"
            )
            found.lose(one.label, one.view, text)
    return kept


def _base(offers: Sequence[Offer]) -> Rule:
    """Return the rule of a grant: that of its reads, or of its writes if it has no reads."""
    ordered = sorted(offers, key=lambda one: (one.operation not in _READS, one.operation == "add"))
    return ordered[0].rows


def _writes(offers: Sequence[Offer], base: Rule) -> dict[str, Any]:
    """Return what may be written; what it may be written to is within what may be read."""
    found: dict[str, Any] = {}
    for operation in ("add", "edit"):
        mine = [one for one in offers if one.operation == operation]
        if not mine:
            continue
        part: dict[str, Any] = {"fields": _merged(one.shape.writes for one in mine)}
        rules = [one.rows for one in mine if one.rows != base]
        if operation == "edit" and rules:
            part["rows"] = rules[0] if len(rules) == 1 else {"and": rules}
        presets = {name: value for one in mine for name, value in one.presets.items()}
        if presets:
            part["presets"] = presets
            part["fields"] = [name for name in part["fields"] if name not in presets]
        found[operation] = part
    deletes = [one.rows for one in offers if one.operation == "delete" and one.rows != base]
    if deletes:
        found["delete"] = {"rows": deletes[0] if len(deletes) == 1 else {"and": deletes}}
    return found


def _limits(lists: Sequence[Offer], offers: Sequence[Offer], max_limit: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    pages = [one.page for one in lists if one.page is not None]
    if pages and len(pages) == len(lists) and max(pages) < max_limit:
        found["limits"] = {"max_limit": max(pages)}
    rates = {one.rate for one in offers if one.rate is not None}
    if rates:
        found["rate_limit"] = min(rates, key=_frequency)
    return found


def _frequency(rate: str) -> float:
    number, period = rate.split("/")
    return int(number) / _SECONDS[period]


def _merged(parts: Iterable[Iterable[str]]) -> list[str]:
    return [*dict.fromkeys(one for part in parts for one in part)]


def _roles(
    by_kind: Mapping[Kind, dict[str, Any]], label: str, found: Offers
) -> dict[str, dict[str, Any]]:
    """Return the grants by role, so that each kind of caller gets its own by the default resolution.

    That is the first of superuser, staff, authenticated and anon that the entry names. A superuser
    who is staff and one who is not have one role: if they differ, it gets what both may do.
    """
    roles: dict[str, dict[str, Any]] = {}
    if by_kind["anon"]:
        roles["anon"] = by_kind["anon"]
    if by_kind["user"] != by_kind["anon"]:
        roles["authenticated"] = by_kind["user"]
    if by_kind["staff"] != by_kind["user"]:
        roles["staff"] = by_kind["staff"]
    plain, both = by_kind["superuser"], by_kind["both"]
    if plain == by_kind["user"] and both == by_kind["staff"]:
        return _ordered(roles)
    if plain == both:
        roles["superuser"] = both
        return _ordered(roles)
    smaller = min(plain, both, key=lambda one: len(one.get("ops", ())))
    roles["superuser"] = smaller if _is_within(smaller, plain, both) else {}
    text = "superusers who are staff, and those who are not, may do different things: one role has less"
    found.lose(label, label, text)
    return _ordered(roles)


def _is_within(grant: Mapping[str, Any], *others: Mapping[str, Any]) -> bool:
    """Whether a grant has nothing but what others have: the same keys, and shorter lists."""
    lists = ("ops", "fields", "filters", "search", "order_by")
    same = ("rows", "limits", "rate_limit", *grant.get("ops", ()))
    return all(
        all({*grant.get(key, ())} <= {*other.get(key, ())} for key in lists)
        and all(grant.get(key) == other.get(key) for key in same)
        for other in others
    )


def _ordered(roles: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    names = ("superuser", "staff", "authenticated", "anon")
    found = {name: roles[name] for name in names if name in roles}
    return found if any(found.values()) else {}


def _default_order(offers: Sequence[Offer], entry: Entry, resource: Resource, found: Offers) -> str:
    """Return the order of lists whose query names none, if all roles that list may see it."""
    lists = [one for one in offers if one.operation == "list" and one.narrowing.default_order]
    if not lists:
        return ""
    order = lists[0].narrowing.default_order
    if not all(takes_order(one, resource) for one in order):
        found.lose(entry.label, lists[0].view, f"lists are not sorted by {', '.join(order)}")
        return ""
    paths = {one.removeprefix("-") for one in order}
    for grant in entry.roles.values():
        known = {*grant.get("fields", ()), *grant.get("order_by", ())}
        if "list" in grant.get("ops", ()) and not paths <= known:
            text = f"lists are not sorted by {', '.join(order)}, which a role does not see"
            found.lose(entry.label, lists[0].view, text)
            return ""
    return ", ".join(order)
