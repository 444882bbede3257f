"""Names of secrets, recognized by their words: no wildcard covers them, and no log contains them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from django_flex.schema.resources import Attribute, Resource

#: ``end``: a name ends in a guarded one. ``inside``: it has a guarded word, or a plural of one.
Found: TypeAlias = Literal["end", "inside"]
#: Rights of users, by the fields of Django's user model.
RIGHTS = ("is_superuser", "is_staff", "groups", "user_permissions")
#: Names of secrets, where the settings have no list of their own.
SECRETS = (
    *("password", "passwd", "pwd", "passphrase", "secret", "token", "credential"),
    *("credentials", "otp", "totp", "hotp", "salt", "ssn", "pin", "cvv"),
    *("api_key", "private_key", "secret_key", "access_key", "signing_key", "session_key"),
    *("password_hash", "token_hash", "code_hash"),
)
#: Models of Django and of other packages whose rows sign users in, are a second factor, give rights or
#: say about which model these are, with the columns that have secrets which no name in ``SECRETS`` gives away.
CREDENTIALS: Mapping[str, tuple[str, ...]] = {
    "sessions.session": ("session_data",),
    # What permissions are about, and generic foreign keys
    "contenttypes.contenttype": (),
    # REST framework, and its packages
    "authtoken.token": ("key",),
    "knox.authtoken": ("digest",),
    "rest_framework_api_key.apikey": ("hashed_key",),
    "token_blacklist.outstandingtoken": ("jti",),
    "token_blacklist.blacklistedtoken": (),
    # django-oauth-toolkit
    "oauth2_provider.application": (),
    "oauth2_provider.grant": ("code", "code_challenge"),
    "oauth2_provider.accesstoken": ("token_checksum",),
    "oauth2_provider.refreshtoken": ("token_checksum",),
    "oauth2_provider.idtoken": ("jti",),
    "oauth2_provider.devicegrant": ("device_code", "user_code"),
    # django-allauth, where a new password goes to any address of a user
    "account.emailaddress": (),
    "account.emailconfirmation": ("key",),
    "mfa.authenticator": ("data",),
    "socialaccount.socialaccount": ("extra_data",),
    "socialaccount.socialapp": ("key", "settings"),
    "socialaccount.socialtoken": (),
    # social-auth-app-django
    "social_django.usersocialauth": ("extra_data",),
    "social_django.code": ("code",),
    "social_django.partial": ("data",),
    # django-otp
    "otp_totp.totpdevice": ("key",),
    "otp_hotp.hotpdevice": ("key",),
    "otp_static.staticdevice": (),
    "otp_static.statictoken": (),
    "otp_email.emaildevice": (),
    # django-guardian
    "guardian.userobjectpermission": (),
    "guardian.groupobjectpermission": (),
    # The abstract classes of these, for a project's own
    "sessions.abstractbasesession": ("session_data",),
    "knox.abstractauthtoken": ("digest",),
    "rest_framework_api_key.abstractapikey": ("hashed_key",),
    "oauth2_provider.abstractapplication": (),
    "oauth2_provider.abstractgrant": ("code", "code_challenge"),
    "oauth2_provider.abstractaccesstoken": ("token_checksum",),
    "oauth2_provider.abstractrefreshtoken": ("token_checksum",),
    "oauth2_provider.abstractidtoken": ("jti",),
    "oauth2_provider.abstractdevicegrant": ("device_code", "user_code"),
    "social_django.abstractusersocialauth": ("extra_data",),
    "django_otp.device": (),
    "guardian.userobjectpermissionbase": (),
    "guardian.groupobjectpermissionbase": (),
}
#: Used in place of a list of names that is invalid.
ALL_NAMES = "*"
#: Entries of GUARDED_FIELDS that mean one field of the user model begin like this.
USER_FIELD = "user."
#: ``has_password`` and ``password_changed_at`` are about a secret, and hold none.
HARMLESS = frozenset({"boolean", "date", "datetime", "time", "duration"})
#: A number or a reference is a secret by its own name only: ``card_pin``, not ``token_count``.
COUNTING = frozenset({"integer", "decimal", "float", "relation"})
#: From this length on a guarded name is found in words that run on: ``accesstoken``, not ``spin``.
DISTINCT = 5
_WORD = re.compile(r"[^\W\d_]+")
_BEGINNING = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """Names of columns and relations that no wildcard covers.

    ``names`` are guarded names as their words; ``user_names`` are attributes of users, whose
    resource ``users`` is the label of, and ``rights`` are the labels of what those of them that are
    relations lead to: groups, permissions, the links with them, and what is in ``CREDENTIALS``;
    ``everything`` is set where the list of names could not be read.
    """

    names: tuple[tuple[str, ...], ...] = ()
    users: str | None = None
    user_names: frozenset[str] = frozenset()
    rights: frozenset[str] = frozenset()
    everything: bool = False
    known: dict[tuple[str, str], bool] = field(default_factory=dict, repr=False)

    def covers(self, resource: Resource, attribute: Attribute) -> bool:
        """Whether a column or a computed field of a resource is guarded."""
        kind = "relation" if attribute.reference else attribute.kind
        return attribute.hashed or self._covers(resource, attribute.own_name, kind)

    def covers_relation(self, resource: Resource, name: str) -> bool:
        """Whether a relation of a resource is guarded."""
        relation = resource.relation(name)
        own = name if relation is None else relation.own_name
        return self._covers(resource, own, "relation")

    def has_users(self, resource: Resource) -> bool:
        """Whether the rows of a resource are users."""
        return self.users in resource.kinds

    def gives_rights(self, resource: Resource) -> bool:
        """Whether the rows of a resource decide what users may do, so that no wildcard writes them.

        Nor deletes them: a token is valid again without the row that revoked it, and a login needs
        no second factor without the row of its device.
        """
        return self.decides_rights(resource.kinds)

    def decides_rights(self, kinds: frozenset[str]) -> bool:
        """Whether rows of a model give rights, by its label and those of what it inherits from."""
        return self.everything or not self.rights.isdisjoint(kinds)

    def _covers(self, resource: Resource, name: str, kind: str) -> bool:
        if (name, kind) not in self.known:
            self.known[name, kind] = self.hides(name, kind)
        if self.known[name, kind]:
            return True
        if self.names and any(name in CREDENTIALS.get(label, ()) for label in resource.kinds):
            return True
        return name in self.user_names and self.has_users(resource)

    def hides(self, name: str, kind: str) -> bool:
        """Whether a value of a kind is a secret, judging by its name."""
        if self.everything:
            return True
        if kind in HARMLESS:
            return False
        found = self.find(name)
        return found == "end" or (found == "inside" and kind not in COUNTING)

    def find(self, name: str) -> Found | None:
        """Return where in a name a guarded one occurs."""
        words = words_of(name)
        whole = "".join(words)
        if any(_ends(words, whole, guarded) for guarded in self.names):
            return "end"
        if any(_is_inside(words, whole, guarded) for guarded in self.names):
            return "inside"
        return None


def words_of(name: str) -> tuple[str, ...]:
    """Cut a name at ``_``, at digits and where capitals begin: ``APIKey2`` is ``api``, ``key``."""
    return tuple(word.lower() for word in _WORD.findall(_BEGINNING.sub("_", name)))


def _ends(words: tuple[str, ...], whole: str, guarded: tuple[str, ...]) -> bool:
    plain = "".join(guarded)
    return words[-len(guarded) :] == guarded or (len(plain) >= DISTINCT and whole.endswith(plain))


def _is_inside(words: tuple[str, ...], whole: str, guarded: tuple[str, ...]) -> bool:
    plain = "".join(guarded)
    endings = (plain, f"{plain}s")
    if len(guarded) > 1:
        return whole.endswith(endings)
    return plain in words or (
        len(plain) >= DISTINCT and any(word.endswith(endings) for word in words)
    )


def compile_guard(
    patterns: Iterable[str],
    users: str | None = None,
    find: Callable[[str], Resource | None] | None = None,
) -> Guard:
    """Compile ``GUARDED_FIELDS``: names of secrets, and ``user.name`` for users.

    Args:
        patterns: the names.
        users: the label of the user model.
        find: returns the resource of a label, ``None`` for a model that cannot be exposed.
    """
    patterns = tuple(patterns)
    if ALL_NAMES in patterns:
        return Guard(everything=True)
    names = (words_of(p) for p in patterns if not p.startswith(USER_FIELD))
    own = frozenset(p.removeprefix(USER_FIELD) for p in patterns if p.startswith(USER_FIELD))
    found = find(users) if users and find else None
    rights = frozenset(_rights(found, own)) if found and own else frozenset[str]()
    return Guard(
        names=tuple(words for words in names if words),
        users=users,
        user_names=own,
        rights=rights,
    )


def _rights(users: Resource, names: Iterable[str]) -> Iterator[str]:
    """Yield the labels of groups and permissions, of the links with them, and of ``CREDENTIALS``."""
    yield from CREDENTIALS
    for relation in filter(None, map(users.relation, names)):
        yield from (relation.label, *((relation.through,) if relation.through else ()))
        for further in relation.target.relations.values():
            if further.through is not None and not further.reverse:
                yield further.through
