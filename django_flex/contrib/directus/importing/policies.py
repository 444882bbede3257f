"""Who may do what in Directus: roles with their policies (since version 11) or permissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django_flex.contrib.directus.importing.gaps import ImportFailedError
from django_flex.scaffold.gaps import Gap

#: The role of callers who have not signed in, here.
ANONYMOUS = "anon"
#: Lists in the document; their paths in the API of Directus are the same.
PARTS = ("roles", "permissions", "policies", "access")
#: What is a key in each of them: the item's own, or that of another.
KEYS = {
    "roles": ("id", "parent"),
    "permissions": ("policy", "role"),
    "policies": ("id",),
    "access": ("role", "user", "policy"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What one policy allows to do with one collection; ``filter`` says with which items."""

    policy: str
    collection: str
    action: str
    fields: tuple[str, ...]
    filter: Mapping[str, Any]
    validation: Mapping[str, Any]
    presets: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role and all that its policies allow, those of its parents among them."""

    name: str
    is_admin: bool
    permissions: tuple[Permission, ...]
    is_public: bool = False


def read_policies(document: object) -> tuple[list[Role], list[Gap]]:
    """Return the roles, and what is granted to none of them.

    Args:
        document: an object with the lists ``roles``, ``permissions`` and, since version 11,
            ``policies`` and ``access``, as the API of Directus returns each of them.

    Raises:
        ImportFailedError: it is none, or a key in it is none.
    """
    if not isinstance(document, Mapping):
        raise ImportFailedError("Policies are an object with 'roles' and 'permissions'")
    lists = {name: _rows(document, name) for name in PARTS}
    permissions = [_permission(one, n) for n, one in enumerate(lists["permissions"])]
    if not lists["policies"]:
        if any(one.get("policy") for one in lists["permissions"]):
            raise ImportFailedError(
                "Permissions of policies need the lists 'policies' and 'access'"
            )
        return _by_role(lists["roles"], lists["permissions"], permissions)
    return _by_policy(lists, permissions)


def _rows(document: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = document.get(name) or []
    if isinstance(found, Mapping):
        found = found.get("data") or []
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise ImportFailedError(f"'{name}' is no list of objects")
    return [
        {**one, **{key: _key(one[key], f"{name}[{n}].{key}") for key in KEYS[name] if key in one}}
        for n, one in enumerate(found)
    ]


def _key(value: object, place: str) -> str | None:
    """Return a key as text; of an item that stands in its place, as ``fields=*.*`` gives it, its own.

    Raises:
        ImportFailedError: it is neither, so that nobody knows whose it is.
    """
    if isinstance(value, Mapping):
        value = value.get("id", value)
    if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
        return None if value is None else str(value)
    raise ImportFailedError(f"{place} is no key")


def _permission(one: Mapping[str, Any], position: int) -> Permission:
    for name in ("collection", "action"):
        if not isinstance(one.get(name), str):
            raise ImportFailedError(f"permissions[{position}] has no '{name}'")
    fields = one.get("fields") or []
    if isinstance(fields, str):
        fields = fields.split(",")
    if not isinstance(fields, list):
        raise ImportFailedError(f"permissions[{position}]: 'fields' is no list")
    return Permission(
        policy=one.get("policy") or "",
        collection=one["collection"],
        action=one["action"],
        fields=tuple(str(name).strip() for name in fields),
        filter=_object(one, "permissions", position),
        validation=_object(one, "validation", position),
        presets=_object(one, "presets", position),
    )


def _object(one: Mapping[str, Any], name: str, position: int) -> Mapping[str, Any]:
    value = one.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):  # such as the JSON text in a dump: nothing else is no rule
        raise ImportFailedError(f"permissions[{position}]: '{name}' is no object")
    return value


def _by_role(
    roles: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    permissions: Sequence[Permission],
) -> tuple[list[Role], list[Gap]]:
    def of(key: object) -> tuple[Permission, ...]:
        pairs = zip(rows, permissions, strict=True)
        return tuple(p for row, p in pairs if "role" in row and row["role"] == key)

    found = [
        Role(name=_name(one), is_admin=_is_admin(one), permissions=of(one.get("id")))
        for one in roles
        if not one.get("ip_access")
    ]
    public = Role(name=ANONYMOUS, is_admin=False, permissions=of(None), is_public=True)
    return [*found, public], _conditions("role", roles)


def _by_policy(
    lists: Mapping[str, Sequence[Mapping[str, Any]]], permissions: Sequence[Permission]
) -> tuple[list[Role], list[Gap]]:
    admins = {one["id"] for one in lists["policies"] if one.get("id") and _is_admin(one)}
    names = {one.get("id"): _name(one) for one in lists["policies"]}
    limited = {one.get("id") for one in lists["policies"] if one.get("ip_access")}
    roles = {one.get("id"): one for one in lists["roles"]}

    def role(name: str, keys: Iterable[object], *, is_public: bool = False) -> Role:
        granted = [a.get("policy") for key in keys for a in _granted(lists["access"], key)]
        policies = [one for one in granted if one not in limited]
        return Role(
            name=name,
            is_admin=not admins.isdisjoint(policies),
            permissions=tuple(p for p in permissions if p.policy in policies),
            is_public=is_public,
        )

    found = [role(_name(one), _with_parents(key, roles)) for key, one in roles.items()]
    gaps = [
        Gap(
            f"policy {names.get(a.get('policy'), '')}",
            "is of single users: put them in a group",
        )
        for a in lists["access"]
        if a.get("user")
    ]
    public = role(ANONYMOUS, [None], is_public=True)
    return [*found, public], [*gaps, *_conditions("policy", lists["policies"])]


def _conditions(kind: str, found: Sequence[Mapping[str, Any]]) -> list[Gap]:
    """Return what a policy, or a role before version 11, requires that no grant can."""
    limited = "is for some IP addresses only: it grants nothing"
    second = "needs a second factor, which nothing here asks for"
    return [
        Gap(f"{kind} {_name(one)}", text)
        for one in found
        for key, text in (("ip_access", limited), ("enforce_tfa", second))
        if one.get(key)
    ]


def _granted(access: Sequence[Mapping[str, Any]], key: object) -> list[Mapping[str, Any]]:
    # Without the keys, it could be anybody's.
    return [
        one
        for one in access
        if {"role", "user"} <= one.keys() and one["role"] == key and not one["user"]
    ]


def _with_parents(key: object, roles: Mapping[object, Mapping[str, Any]]) -> list[object]:
    """Return a role and those that it inherits from; a circle ends where it began."""
    found: list[object] = []
    while key in roles and key not in found:
        found.append(key)
        key = roles[key].get("parent")
    return found


def _is_admin(one: Mapping[str, Any]) -> bool:
    """Whether a role or policy may do everything; a text such as "false" does not say so."""
    return one.get("admin_access") in (True, 1)


def _name(one: Mapping[str, Any]) -> str:
    return str(one.get("name") or one.get("id"))
