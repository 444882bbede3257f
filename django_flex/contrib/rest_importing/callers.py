"""Whom a permission class lets in, by the kind of caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import PermissionsMixin
from rest_framework import permissions

from django_flex.contrib.rest_importing.probing import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django_flex.contrib.rest_importing.endpoints import Operation
    from django_flex.contrib.rest_importing.probing import Kind

_ALL = frozenset(KINDS)
_NONE = frozenset[str]()
_SIGNED_IN = _ALL - {"anon"}
_STAFF = frozenset({"staff", "both"})
_SUPERUSERS = frozenset({"superuser", "both"})
_READS = frozenset({"list", "get"})
#: Who may read and who may write by a class of REST framework; ``None`` is by Django's permissions.
_BY_KIND: Mapping[type[Any], tuple[frozenset[str], frozenset[str] | None]] = {
    permissions.AllowAny: (_ALL, _ALL),
    permissions.IsAuthenticated: (_SIGNED_IN, _SIGNED_IN),
    permissions.IsAdminUser: (_STAFF, _STAFF),
    permissions.IsAuthenticatedOrReadOnly: (_ALL, _SIGNED_IN),
    permissions.DjangoModelPermissions: (_SIGNED_IN, None),
    permissions.DjangoModelPermissionsOrAnonReadOnly: (_ALL, None),
    permissions.DjangoObjectPermissions: (_SIGNED_IN, None),
}
#: Operations on a row, which ask ``has_object_permission``.
_OF_A_ROW = frozenset({"get", "edit", "delete"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who is let in for certain; ``exact`` if that is everybody, and ``why`` if it is not."""

    kinds: frozenset[str]
    why: str = ""

    @property
    def exact(self) -> bool:
        """Whether nobody else is let in."""
        return not self.why


def allows(found: Iterable[Any], operation: Operation, kind: Kind) -> Verdict:
    """Return what the permissions of a view say together: all of them have to allow."""
    verdicts = [verdict(one, operation) for one in found]
    kinds = _ALL.intersection(*(one.kinds for one in verdicts))
    # What an unknown class would have refused anyway is of no interest.
    known = _ALL.intersection(*(one.kinds for one in verdicts if one.exact))
    lost = "; ".join(one.why for one in verdicts if one.why) if kind in known else ""
    return Verdict(kinds, lost)


def verdict(permission: Any, operation: Operation) -> Verdict:
    """Return whom one permission lets in."""
    kind = type(permission)
    if kind in {permissions.AND, permissions.OR, permissions.NOT}:
        return _combined(permission, operation)
    if kind in _BY_KIND:
        reading, writing = _BY_KIND[kind]
        found = reading if operation in _READS else writing
        return _by_right() if found is None else Verdict(found)
    return _unknown(kind, operation)


def _by_right() -> Verdict:
    """Users with a permission of Django: superusers have all of them."""
    own: Any = getattr(get_user_model(), "has_perms", None)
    each: Any = getattr(get_user_model(), "has_perm", None)
    ours = own is PermissionsMixin.has_perms and each is PermissionsMixin.has_perm
    why = "users with the permission of Django for it are let in: name their groups as roles"
    return Verdict(_SUPERUSERS if ours else _NONE, why)


def _unknown(kind: type[Any], operation: Operation) -> Verdict:
    """A class of the project: what it does not override lets everybody in."""
    base = permissions.BasePermission
    if kind.has_permission is not base.has_permission:
        return Verdict(_NONE, f"the code of {kind.__name__} is not understood")
    if operation in _OF_A_ROW and kind.has_object_permission is not base.has_object_permission:
        return Verdict(_NONE, f"{kind.__name__} decides by the row, which is not understood")
    return Verdict(_ALL)


def _combined(permission: Any, operation: Operation) -> Verdict:
    first = verdict(permission.op1, operation)
    if type(permission) is permissions.NOT:
        return Verdict(_NONE, first.why) if first.why else _not(first, operation)
    second = verdict(permission.op2, operation)
    why = "; ".join(filter(None, (first.why, second.why)))
    if type(permission) is permissions.AND:
        return Verdict(first.kinds & second.kinds, why)
    return Verdict(first.kinds | second.kinds, why)


def _not(found: Verdict, operation: Operation) -> Verdict:
    """The opposite of a permission that is known.

    REST framework negates ``has_object_permission`` by itself, which is true unless it is
    overridden: of a row, the opposite of such a class lets nobody in.
    """
    if operation in _OF_A_ROW:
        return Verdict(_NONE)
    return Verdict(_ALL - found.kinds)
