"""Mistakes in the settings: one table of ids, and the values that the compiler collects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: its id in ``PROBLEMS``, where it is in the settings, and how to fix it."""

    id: str
    message: str
    place: str
    hint: str | None = None


#: Every id that ``manage.py check`` can print: E stops a project, W warns, I informs.
PROBLEMS = {
    "E001": "A key that `DJANGO_FLEX` does not have.",
    "E002": "A setting with a value of the wrong type.",
    "E003": "An entry of `EXPOSE` names a model that does not exist.",
    "E004": "The key of an entry of `EXPOSE` is the name of several models; use `app_label.model`.",
    "E005": "A key that an entry or a grant does not have.",
    "E006": "A grant names a field or relation that does not exist.",
    "E007": "A grant names an operator that does not exist, or that this field does not have.",
    "E008": "A grant names an operation that does not exist.",
    "E009": "A part of an entry or grant has the wrong type.",
    "E010": "Two exposed models have the same name in URLs; give one a `url_name`.",
    "E011": "A model that cannot be exposed.",
    "E012": "A `rows` rule that is not a valid condition.",
    "E013": "The middleware comes before the one that sets `request.user`, or that one is missing.",
    "E014": "A dotted path in the settings that cannot be imported, or is not callable.",
    "E015": "Two API versions with the same path, or a path without a slash at the start or end.",
    "E016": "A rate limit that is not a number, `n/period` or a dictionary of these by operation.",
    "E017": "Rate limits with a cache that does not exist or cannot count.",
    "E018": "A cache for `Idempotency-Key` that does not exist.",
    "E019": "A computed field with an invalid name, expression or type.",
    "E020": "A path under `search` that is not text.",
    "E021": "A part of `actions` for an action that `ops` does not list, or that does not exist.",
    "E022": "A model action that cannot be registered: its id, its input or its scope.",
    "E023": "A row rule that takes the wrong arguments, or does not return a condition.",
    "E024": "A row rule with a `Q` that names an unknown field, or has a value that does not fit.",
    "E025": "An attribute of the user (`$user`) that users do not have, or that is not a value.",
    "E026": "A part of `GUARDED_FIELDS` that guards nothing.",
    "E027": "A `form_class` or `serializer_class` that is not one, or is for another model.",
    "E028": "A view whose `model` is missing or not a model class, or whose API version does not exist.",
    "E029": "A row rule or `queryset` that the backend of the model cannot apply.",
    "E030": "Names of a model that would be equal in camelCase (`NAMING`); they stay as they are.",
    "E031": "A grant whose replies name rows by a key of which the role may not read a column.",
    "E041": "Logins are counted with a cache that does not exist or cannot count.",
    "E042": "`TokenMiddleware` comes after the middleware that checks CSRF tokens.",
    "W001": "A role may filter by a path that it may not read: filters can reveal values.",
    "W002": "A wildcard reaches a model that has no entry.",
    "W003": "A grant for anonymous callers that `REQUIRE_AUTHENTICATION` makes unreachable.",
    "W004": "A role that no caller can have.",
    "W006": "Rate limits with a cache that processes do not share.",
    "W007": "Granted writes, and a cache for `Idempotency-Key` that does not add keys atomically.",
    "W008": "A path under `search` that the role may not read, so it is not searched.",
    "W009": "Model actions that run in the background, and no task backend to run them.",
    "W010": "A role may sort by or aggregate a path that it may not read.",
    "W011": "A role may read a password, or would: one of the user model is never shown.",
    "W012": "Anonymous callers may store files.",
    "W013": "`'*'` lets anonymous callers write.",
    "W014": "A role that is not a group in the database, or that looks like a built-in role.",
    "W015": "A grant that grants nothing, because a part of it is missing.",
    "W016": "`aggregates` without the operation `aggregate`, or the other way round.",
    "W017": "A path over more relations than `MAX_RELATION_DEPTH` allows.",
    "W018": "Two settings that contradict each other.",
    "W019": "A role may add rows, but may not write a column that a new row needs.",
    "W020": "A row rule that raised when it was tried; such a rule denies.",
    "W021": "A row rule that compares with `None` for anonymous callers, which means `IS NULL`.",
    "W022": "A value in a row rule or preset that is not a choice of its column.",
    "W023": "An attribute of the user that the user model lacks; an authenticator may set it.",
    "W024": "The middleware and `django_flex.urls` at the same path; the middleware replies.",
    "W025": "A role other than `superuser` may write the permission fields of users, groups or permissions.",
    "W026": "An attribute of a view that looks like a misspelt one of this package.",
    "W027": "A granted path that needs rows of another database, so that it is refused.",
    "W028": "A database that cannot convert times to a time zone of the settings.",
    "W029": "`USE_META_ORDERING`, and a model whose `Meta.ordering` no query can have.",
    "W030": "A default order by a path that a role may neither read nor sort by; it gets no order.",
    "W031": "A role other than `superuser` may write what decides whose a token or a login is.",
    "W032": "A row rule compares with an attribute of the user that the same role may edit.",
    "W033": "A row rule looks at what the same role may edit, add or delete for any row of another model.",
    "W034": "A role other than `superuser` may set the password of any user.",
    "W035": "A role may list rows that no key finds by what it may filter by.",
    "W036": "A granted order that no key gives.",
    "W037": "Anonymous callers may have a whole table read that finds rows by keys.",
    "W041": "Any number of logins may be tried, because `LOGIN_RATE_LIMIT` is `None`.",
    "W042": "Logins are counted with a cache that processes do not share.",
    "W043": "Access tokens that are valid for more than an hour.",
    "W044": "A refresh token that may be used again for more than half a minute.",
    "W045": "Cookies of a login that travel unencrypted, or with requests of other sites.",
    "W046": "Tokens can be had, but no authenticator takes them.",
    "I001": "Fields that no wildcard covers, because of `GUARDED_FIELDS`.",
    "I002": "A role may store files.",
    "I003": "Models are exposed, but no middleware, URL pattern or view makes them available.",
    "I004": "A delete would remove or change rows of other models that the role has no grant for.",
    "I005": "The API is available, but nothing is exposed.",
    "I006": "Columns that a custom field stores in another form, so that they are limited.",
    "I007": "An index lacks columns that a role may read, so that rows are read twice.",
}
