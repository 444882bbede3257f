"""What the commands have in common: which model, by which version, in whose name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from django_flex.conf import configuration
from django_flex.engine import FlexQuery
from django_flex.exceptions import FlexError
from django_flex.query.parser import as_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser


def add_caller(parser: CommandParser) -> None:
    """Add the arguments that say what is asked, and in whose name."""
    parser.add_argument("model", help="name of the model: booking, or app_label.booking")
    parser.add_argument("--api-version", help="version of the API; default: the unversioned one")
    caller = parser.add_mutually_exclusive_group()
    caller.add_argument("--user", help="name (or key) of the user whose permissions apply")
    caller.add_argument("--role-user", dest="user", help="the same")
    caller.add_argument(
        "--unrestricted", action="store_true", help="no permissions at all, every row and field"
    )


def make_query(options: Mapping[str, Any]) -> FlexQuery:
    """Return the query of a command's options; without a user it is an anonymous one.

    Raises:
        CommandError: there is no such version or model.
    """
    version, name = options["api_version"], options["model"]
    if version not in configuration().versions:
        raise CommandError(f"There is no version '{version}'")
    query = FlexQuery(name, version=version).by_operator()
    if not options["unrestricted"]:
        return query
    return FlexQuery(_model(name), version=version).by_operator().unrestricted()


def _model(name: str) -> Any:
    found = [
        model
        for model in apps.get_models()
        if name.lower() in {model._meta.model_name, model._meta.label_lower}
    ]
    if len(found) != 1:
        raise CommandError(f"Which model is '{name}'? Say app_label.model")
    return found[0]


def find_user(name: str | None) -> Any:
    """Return the user of a name or key, ``None`` for nobody.

    Raises:
        CommandError: there is none.
    """
    if name is None:
        return None
    users: Any = get_user_model()._default_manager
    field = get_user_model().USERNAME_FIELD
    found = users.filter(**{field: name}).first()
    if found is None and name.isdecimal():
        found = users.filter(pk=name).first()
    if found is None:
        raise CommandError(f"There is no user '{name}'")
    return found


def read_object(text: str) -> Mapping[str, Any]:
    """Return a query object that was given as JSON.

    Raises:
        CommandError: it is none.
    """
    try:
        return as_mapping(msgspec.json.decode(text), "query")
    except (msgspec.DecodeError, FlexError) as error:
        raise CommandError(f"The query is no JSON object: {error}") from error


def failure(data: Mapping[str, Any]) -> CommandError:
    """Return an error of ours as the command line shows it."""
    more = "".join(f"\n  {key}: {data[key]}" for key in ("path", "hint") if key in data)
    return CommandError(f"{data['error']} ({data['code']}){more}")
