"""Mistakes in the settings: one table of ids, and the values that the compiler collects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: its id in ``PROBLEMS``, where it stands in the settings, what would be right."""

    id: str
    message: str
    place: str
    hint: str | None = None


#: Every id that ``manage.py check`` can print: E stops a project, W warns, I informs.
PROBLEMS = {
    "E001": "A key that `DJANGO_FLEX` does not have.",
    "E002": "A setting with a value of the wrong type.",
    "E003": "An entry of `EXPOSE` names a model that does not exist.",
    "E004": "An entry of `EXPOSE` names two models; say `app_label.model`.",
    "E005": "A key that an entry or a grant does not have.",
    "E006": "A grant names a field or relation that does not exist.",
    "E007": "A grant names an operator that does not exist, or not for this field.",
    "E008": "A grant names an operation that does not exist.",
    "E009": "A part of an entry or grant has the wrong type.",
    "E010": "Two exposed models answer to one name in URLs; give one a `url_name`.",
    "E011": "A model that cannot be exposed.",
    "E012": "A `rows` rule that is no valid condition.",
    "E013": "The middleware stands before the one that sets `request.user`, or that one is missing.",
    "E014": "A dotted path in the settings that cannot be imported, or is not callable.",
    "E015": "Two API versions with one path, or a path that does not start and end with a slash.",
    "E016": "A rate limit that is no number, no `n/period` and no dictionary of these by operation.",
    "E017": "Rate limits with a cache that does not exist or cannot count.",
    "E018": "A cache for `Idempotency-Key` that does not exist.",
    "E019": "A field of `computed` that cannot be one: its name, its expression or its type.",
    "E020": "A path under `search` that holds no text.",
    "E021": "A part of `actions` for an action that `ops` does not list, or that there is not.",
    "E022": "A model action that cannot be registered: its id, its input or its scope.",
    "W001": "A role may filter by a path that it may not read: filters can reveal values.",
    "W002": "A wildcard reaches a model that has no entry of its own.",
    "W003": "A grant for anonymous callers that `REQUIRE_AUTHENTICATION` makes unreachable.",
    "W004": "A role that no caller can have.",
    "W006": "Rate limits with a cache that each process has for itself.",
    "W007": "Granted writes, and a cache for `Idempotency-Key` that cannot tell who was first.",
    "W008": "A role may search in a path that it may not read, so it is not searched.",
    "W009": "Model actions that run in the background, and no backend of tasks to run them.",
    "I001": "Fields that no wildcard covers, because of `GUARDED_FIELDS`.",
}
