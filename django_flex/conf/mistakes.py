"""What was probably meant by a setting that does not exist, or has the wrong type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from collections.abc import Collection

#: What other packages call our settings.
SYNONYMS = {
    "PAGE_SIZE": "DEFAULT_LIMIT",
    "DEFAULT_PAGE_SIZE": "DEFAULT_LIMIT",
    "PAGINATE_BY": "DEFAULT_LIMIT",
    "MAX_PAGE_SIZE": "MAX_LIMIT",
    "MAX_PAGINATE_BY": "MAX_LIMIT",
    "MODELS": "EXPOSE",
    "PERMISSIONS": "EXPOSE",
    "LOGIN_REQUIRED": "REQUIRE_AUTHENTICATION",
    "AUTHENTICATION_CLASSES": "AUTHENTICATION",
    "DEFAULT_AUTHENTICATION_CLASSES": "AUTHENTICATION",
    "AUTHENTICATORS": "AUTHENTICATION",
    "DEFAULT_THROTTLE_RATES": "RATE_LIMIT",
    "THROTTLE": "RATE_LIMIT",
    "PATH": "MIDDLEWARE_PATH",
    "PREFIX": "MIDDLEWARE_PATH",
    "URL_PREFIX": "MIDDLEWARE_PATH",
    "BASE_PATH": "MIDDLEWARE_PATH",
    "MAX_DEPTH": "MAX_RELATION_DEPTH",
    "ROLES": "ROLE_RESOLVER",
    "GET_ROLE": "ROLE_RESOLVER",
    "TIMEOUT": "READ_TIMEOUT",
}
#: Examples for settings whose form is not obvious.
EXAMPLES = {
    "EXPOSE": "{'model': {'authenticated': {'fields': ['id'], 'ops': ['get', 'list']}}}",
    "VERSIONS": "{'v2': {'path': '/api/v2/'}}",
    "MCP": "{'roles': ['staff']}",
    "AUTHENTICATION": "a list of dotted paths",
}


def setting_meant(name: str, known: Collection[str]) -> str:
    """Return the hint for a setting that does not exist."""
    upper = name.upper()
    meant = SYNONYMS.get(upper)
    if meant is not None:
        return f"did you mean '{meant}'?"
    near = nearest(name, known) or nearest(upper, known)
    return near or f"one of {', '.join(one for one in known if not one.startswith('MAX_'))}, …"
