"""``manage.py flex_why``: why a request is allowed or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.urls import Resolver404, resolve

from django_flex.access.roles import BUILT_IN_ROLES
from django_flex.access.users import find_user
from django_flex.conf import configuration, get_settings
from django_flex.http.mounts import is_door
from django_flex.http.view_checks import declared_grants
from django_flex.query.terms import nearest
from django_flex.why import Asked, as_text, explain_request

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from django_flex.conf import Settings
    from django_flex.http.view_policy import ViewGrants


class Command(BaseCommand):
    """Prints an explanation."""

    help = "Explains to operators why a request is allowed or refused. Nothing is executed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        caller = parser.add_mutually_exclusive_group()
        caller.add_argument("--user", help="Name (or primary key) of the user who sends it.")
        caller.add_argument("--role", help="A role of EXPOSE, in place of a user.")
        parser.add_argument("method", help="GET, POST, …")
        parser.add_argument("url", help="/api/bookings/5?fields=id")
        parser.add_argument("body", nargs="?", default="", help="The body, as JSON.")

    def handle(self, **options: Any) -> None:
        """Print the explanation.

        Raises:
            CommandError: there is no such user or role, or no API at the URL.
        """
        path = urlsplit(options["url"]).path
        settings, view, pk = configuration().at(path), None, None
        if settings is None:
            view, pk = _view_at(path)
            settings = get_settings(view.version)
        role = options["role"]
        if role is not None:
            _check_role(role, settings, {} if view is None or view.common else view.permissions)
        asked = Asked(
            method=options["method"],
            url=options["url"],
            body=options["body"],
            user=find_user(options["user"]),
            role=role,
        )
        try:
            self.stdout.write(as_text(explain_request(asked, settings, view, pk)))
        except LookupError as error:
            raise CommandError(str(error)) from error


def _view_at(path: str) -> tuple[ViewGrants, Any]:
    """Return the grants of the view at a path, and the key in the path.

    Raises:
        CommandError: there is none with grants of its own, or its code decides them.
    """
    try:
        found = resolve(path)
        grants = declared_grants(found.func) if is_door(found.func) else None
    except (Resolver404, ImproperlyConfigured) as error:
        raise CommandError(f"No API is at '{path}'") from error
    if grants is None:
        if is_door(found.func):
            raise CommandError(f"The code of the view at '{path}' decides what it grants")
        raise CommandError(f"No API is at '{path}'")
    return grants, found.kwargs.get("pk", found.kwargs.get("id"))


def _check_role(role: str, settings: Settings, of_view: Mapping[str, object]) -> None:
    named = {name for entry in settings.policy.entries.values() for name in entry.grants}
    named |= {name for name in of_view if isinstance(of_view[name], Mapping | str)}
    if role not in named | BUILT_IN_ROLES:
        hint = nearest(role, named)
        more = f": {hint}" if hint else ""
        raise CommandError(f"No entry of EXPOSE names the role '{role}'{more}")
