"""``EXPOSE`` for the collections of a snapshot, from the permissions of Directus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pprint import pformat
from typing import TYPE_CHECKING, Any

from django_flex.access.roles import BUILT_IN_ROLES
from django_flex.contrib.directus.importing.policies import ANONYMOUS
from django_flex.contrib.directus.importing.rules import UntranslatableError, translate
from django_flex.contrib.directus.importing.snapshot import USERS
from django_flex.policy.compile.entries import ENTRY_KEYS
from django_flex.scaffold.gaps import Gap

if TYPE_CHECKING:
    from django_flex.contrib.directus.importing.names import Names
    from django_flex.contrib.directus.importing.policies import Permission, Role

_HEADER = '''"""Grants for collections of Directus, written by ``manage.py flex_import_directus``.

Review them, and put them into ``DJANGO_FLEX``. A role is the group of users with this name in lower
case. What the report lists is not granted here.
"""

'''
#: The operations that each action of Directus allows.
OPERATIONS = {
    "read": ("get", "list", "aggregate", "export"),
    "create": ("add",),
    "update": ("edit", "bulk_edit"),
    "delete": ("delete", "bulk_delete"),
}
#: What a group of such a name would be taken for.
_RESERVED = frozenset({*ENTRY_KEYS, *BUILT_IN_ROLES, "*"})
_USER_ID = "id"
_WIDTH = 100


@dataclass(slots=True)
class Grants:
    """The entries by the name of the model, the users' values in their rules, and what is lost."""

    expose: dict[str, dict[str, Any]] = field(default_factory=dict)
    user_values: set[str] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)


def import_grants(roles: Sequence[Role], names: Names, users: str) -> Grants:
    """Return what the roles may do with the collections of a snapshot.

    Args:
        roles: with their permissions.
        names: of models and fields.
        users: the label of the user model.
    """
    grants = Grants()
    keyed = {one.name: one.fields for one in names.snapshot.collections}
    for collection, fields in keyed.items():
        if not any(one.is_key for one in fields):
            continue
        name = names.classes[collection].lower()
        entry: dict[str, Any] = {"url_name": collection} if name != collection else {}
        grants.expose[name] = entry
        concealed = sorted(_concealed(collection, names))
        if concealed:
            entry["exclude"] = concealed
            text = f"is concealed in Directus: no role reads {', '.join(concealed)}"
            grants.gaps.append(Gap(f"collection {collection}", text))
    shared = Counter(map(_word, roles))
    for role in roles:
        word = _word(role)
        if shared[word] > 1 or (word in _RESERVED and not _is_named_by_us(role)):
            text = f"{word!r} is the name of something else here, or of several: it grants nothing"
            grants.gaps.append(Gap(f"role {role.name}", text))
        else:
            _add_role(role, word, names, grants)
    if any(one.related == USERS for one in names.snapshot.relations):
        # Without an entry, `*` would show the columns of a row's user, too.
        grants.expose.setdefault(users, {})
        grants.gaps.append(
            Gap(f"model {users}", "has an entry without a role: nothing of users is granted")
        )
    if grants.user_values:
        values = ", ".join(sorted(grants.user_values))
        grants.gaps.append(
            Gap(
                f"model {users}",
                f"rules compare with these attributes of the user, which it has to have: {values}; in"
                " filters of their own, clients may name those in the setting USER_VALUES",
            )
        )
    return grants


def _is_named_by_us(role: Role) -> bool:
    return role.is_public or (role.is_admin and role.name == "Administrator")


def _word(role: Role) -> str:
    """Return the name of a role in entries: of a group, unless we name it."""
    if _is_named_by_us(role):
        return ANONYMOUS if role.is_public else "superuser"
    return role.name.lower()


def _add_role(role: Role, word: str, names: Names, grants: Grants) -> None:
    if role.is_admin:
        for entry in grants.expose.values():
            entry[word] = "*"
        return
    for collection in dict.fromkeys(one.collection for one in role.permissions):
        place = f"role {role.name}, collection {collection}"
        model = names.classes.get(collection, "").lower()
        if model not in grants.expose:
            grants.gaps.append(Gap(place, "is of the system, or has no model: nothing is granted"))
            continue
        mine = [one for one in role.permissions if one.collection == collection]
        grant = _grant(_by_action(mine, place, grants), collection, place, names, grants)
        if grant:
            grants.expose[model][word] = grant
    _drop_lists(role, word, names, grants)
    _close_lists(role, word, names, grants)


def _drop_lists(role: Role, word: str, names: Names, grants: Grants) -> None:
    """Take lists of items that a role may not read out of its grants.

    Directus refuses them. Here a field that a grant writes out would show the keys of the items.
    """
    for relation in names.snapshot.relations:
        there = grants.expose.get(names.classes.get(relation.collection, "").lower(), {})
        if not relation.related or not relation.one_field or "fields" in there.get(word, {}):
            continue
        model = names.classes.get(relation.related, "").lower()
        grant = grants.expose.get(model, {}).get(word, {})
        name = names.field(relation.related, relation.one_field)
        if name not in grant.get("fields", ()):
            continue
        grant["fields"] = [one for one in grant["fields"] if one != name]
        if not grant["fields"]:
            grant["ops"] = [one for one in grant["ops"] if one not in OPERATIONS["read"]]
        place = f"role {role.name}, collection {relation.related}"
        text = f"'read' names a list of items that the role may not read: {name}"
        grants.gaps.append(Gap(place, text))


def _close_lists(role: Role, word: str, names: Names, grants: Grants) -> None:
    """Exclude lists of items that a role reads, and of which it is not shown what they belong to.

    Directus refuses such a list. Here who may list a model may do so under the rows of another.
    """
    for relation in names.snapshot.relations:
        there = grants.expose.get(names.classes.get(relation.collection, "").lower(), {})
        model = names.classes.get(relation.related or "", "").lower()
        grant, told = grants.expose.get(model, {}).get(word, {}), there.get(word, {})
        if (
            not relation.related
            or not relation.one_field
            or not ("fields" in grant and "fields" in told)
        ):
            continue
        name = names.field(relation.related, relation.one_field)
        key = names.field(relation.collection, relation.field)
        if {name, "*"}.isdisjoint(grant["fields"]) and {key, "*"}.isdisjoint(told["fields"]):
            grant.setdefault("exclude", []).append(name)
            text = f"no field shows which items belong to one: {name} is excluded"
            grants.gaps.append(Gap(f"role {role.name}, collection {relation.related}", text))


def _by_action(
    permissions: Sequence[Permission], place: str, grants: Grants
) -> Mapping[str, Permission]:
    """Return one permission for each action: policies allow what any of them allows.

    Two that allow other fields each, of other items, cannot be told apart in one grant.
    """
    found: dict[str, Permission] = {}
    for one in permissions:
        if one.action not in OPERATIONS:
            continue  # sharing, which does not exist here
        other = found.get(one.action)
        if other is None:
            found[one.action] = one
        elif _kept(one) == _kept(other):
            found[one.action] = replace(one, filter=_either(other.filter, one.filter))
        else:
            text = f"'{one.action}' is allowed by several policies: only the first is carried over"
            grants.gaps.append(Gap(place, text))
    return found


def _kept(one: Permission) -> tuple[object, ...]:
    return {*one.fields}, one.validation, one.presets


def _either(first: Mapping[str, Any], second: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"_or": [first, second]} if first and second else {}


def _grant(
    actions: Mapping[str, Permission], collection: str, place: str, names: Names, grants: Grants
) -> dict[str, Any]:
    written: dict[str, Any] = {}
    operations: list[str] = []
    for action, permission in actions.items():
        try:
            parts = _parts(action, permission, collection, names)
        except UntranslatableError as error:
            text = f"'{action}' is not granted, since its rule has no translation: {error}"
            grants.gaps.append(Gap(f"{place}", text))
            continue
        lost = [one for one in permission.fields if one != "*" and not names.has(collection, one)]
        if lost:
            grants.gaps.append(Gap(place, f"'{action}' names fields that do not exist: {lost!r}"))
        if parts is None:
            continue  # no field: nothing is allowed
        operations += OPERATIONS[action]
        written |= parts
        grants.user_values |= set(_user_values(parts))
    if not operations:
        return {}
    return {**written, "ops": operations}


def _parts(
    action: str, permission: Permission, collection: str, names: Names
) -> dict[str, Any] | None:
    """Return the keys of a grant for one action, ``None`` if it allows nothing."""
    rows = translate(permission.filter, collection, names)
    if action == "delete":
        return {"delete": {"rows": rows}} if rows else {}
    fields = [
        name if name == "*" else names.field(collection, name)
        for name in permission.fields
        if name == "*" or (name and names.has(collection, name))
    ]
    if action == "read":
        concealed = _concealed(collection, names)
        fields = [name for name in fields if name not in concealed]
    if not fields:
        return None
    if action == "read":
        read = {"fields": fields, "filters": ["*"], "order_by": ["*"], "aggregates": ["*"]}
        return {**({"rows": rows} if rows else {}), **read}
    check = translate(permission.validation, collection, names)
    presets = {
        names.field(collection, name): _preset(value) for name, value in permission.presets.items()
    }
    parts: dict[str, Any] = {"fields": fields}
    if action == "update" and rows:
        parts["rows"] = rows
    if check:
        parts["check"] = check
    if presets:
        parts["presets"] = presets
    return {"add" if action == "create" else "edit": parts}


def _concealed(collection: str, names: Names) -> set[str]:
    found = (one for one in names.snapshot.collections if one.name == collection)
    return {
        names.field(collection, field.name)
        for one in found
        for field in one.fields
        if field.is_concealed
    }


def _preset(value: object) -> object:
    if value == "$CURRENT_USER":
        return {"$user": _USER_ID}
    if value == "$NOW":
        return {"$now": ""}
    if isinstance(value, str) and value.startswith("$"):
        raise UntranslatableError(value)
    if isinstance(value, Mapping) and any(str(key).startswith("$") for key in value):
        raise UntranslatableError(f"{value!r}")  # a value of the caller, in our language
    return value


def _user_values(part: object) -> list[str]:
    """Return the attributes of the caller that rules compare with, but for the key."""
    if isinstance(part, Mapping):
        name = part.get("$user")
        if len(part) == 1 and isinstance(name, str):
            return [] if name == _USER_ID else [name]
        part = list(part.values())
    if isinstance(part, list):
        return [name for one in part for name in _user_values(one)]
    return []


def write_grants(grants: Grants) -> str:
    """Return the text of a module with ``EXPOSE``."""
    return f"{_HEADER}EXPOSE = {pformat(grants.expose, width=_WIDTH, sort_dicts=False)}\n"
