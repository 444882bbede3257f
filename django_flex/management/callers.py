"""What the commands have in common: the model, the API version and the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from django.apps import apps
from django.core.management.base import CommandError

from django_flex.conf import configuration
from django_flex.dialects.flex.parser import as_mapping
from django_flex.exceptions import FlexError
from django_flex.programmatic import FlexQuery
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser


def add_caller(parser: CommandParser) -> None:
    """Add the arguments for the model, the API version and the user."""
    parser.add_argument("model", help="Name of the model: booking, or app_label.booking.")
    parser.add_argument("--api-version", help="API version; by default the unversioned API.")
    parser.add_argument(
        "--role", help="Role of EXPOSE that the user has, or somebody without --user."
    )
    caller = parser.add_mutually_exclusive_group()
    caller.add_argument("--user", help="Name (or primary key) of the user whose permissions apply.")
    caller.add_argument("--role-user", dest="user", help="the same")
    caller.add_argument(
        "--unrestricted", action="store_true", help="Ignore all permissions: every row and field."
    )


def make_query(options: Mapping[str, Any]) -> FlexQuery:
    """Return the query of a command's options; without a user the caller is anonymous.

    Raises:
        CommandError: there is no such version, model or role.
    """
    version, name = options["api_version"], options["model"]
    if version not in configuration().versions:
        raise CommandError(f"There is no version '{version}'")
    role = options["role"]
    if role is not None:
        _check_role(role, version, unrestricted=options["unrestricted"])
    query = FlexQuery(name, version=version).by_operator(role)
    if not options["unrestricted"]:
        return query
    return FlexQuery(_model(name), version=version).by_operator().unrestricted()


def _check_role(role: str, version: str | None, *, unrestricted: bool) -> None:
    if unrestricted:
        raise CommandError("--unrestricted needs no --role")
    entries = configuration().versions[version].policy.entries.values()
    named = {name for entry in entries for name in entry.grants}
    if role not in named:
        hint = nearest(role, named)
        more = f": {hint}" if hint else ""
        raise CommandError(f"No entry of EXPOSE names the role '{role}'{more}")


def _model(name: str) -> Any:
    found = [
        model
        for model in apps.get_models()
        if name.lower() in {model._meta.model_name, model._meta.label_lower}
    ]
    if len(found) != 1:
        raise CommandError(f"Which model is '{name}'? Use app_label.model")
    return found[0]


def read_object(text: str) -> Mapping[str, object]:
    """Return a query object that was given as JSON.

    Raises:
        CommandError: it is not a JSON object.
    """
    try:
        return as_mapping(msgspec.json.decode(text), "query")
    except (msgspec.DecodeError, FlexError) as error:
        raise CommandError(f"The query is not a JSON object: {error}") from error


def failure(data: Mapping[str, object]) -> CommandError:
    """Return an error as text for the command line."""
    more = "".join(f"\n  {key}: {data[key]}" for key in ("path", "hint") if key in data)
    return CommandError(f"{data['error']} ({data['code']}){more}")
