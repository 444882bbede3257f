"""``manage.py list_actions``: which actions there are, and who may run them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from django.core.management.base import BaseCommand

from django_flex.actions.declare.registry import registry
from django_flex.actions.management.callers import find_resource
from django_flex.conf import configuration
from django_flex.schema.introspection import label_of

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from django_flex.actions.declare.definitions import ActionDef


class Command(BaseCommand):
    """Prints the actions by model."""

    help = "Lists the actions, and the roles that may run them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--resource", help="Only the actions of this model.")
        parser.add_argument("--role", help="Only the actions that this role may run.")
        parser.add_argument("--json", action="store_true", help="as JSON")

    def handle(self, **options: Any) -> None:
        """Print the actions."""
        wanted = options["resource"] and find_resource(options["resource"])
        every = registry.for_model(wanted).values() if wanted else registry
        found = [describe(one) for one in every]
        if options["role"]:
            found = [one for one in found if options["role"] in one["roles"]]
        if options["json"]:
            self.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode())
            return
        for one in found:
            inputs, roles = ", ".join(one["input"]), ", ".join(one["roles"]) or "nobody"
            about = f"{one['resource']}.{one['id']}({inputs})"
            self.stdout.write(f"{about}  {one['scope']}, {one['status']}  granted to {roles}")
        if not found:
            self.stdout.write("There are no such actions.")


def describe(one: ActionDef) -> dict[str, Any]:
    """Return an action as data, with the roles that ``EXPOSE`` grants it to, in any version."""
    roles: dict[str, None] = {}
    for settings in configuration().versions.values():
        entry = settings.policy.entries.get(label_of(one.model))
        for role, grant in entry.grants.items() if entry is not None else ():
            roles |= {role: None} if one.id in grant.actions else {}
    return {
        "resource": one.resource,
        "id": one.id,
        "scope": one.scope.value,
        "status": one.status.value,
        "description": one.description,
        "input": sorted(one.input.names or ()),
        "background": one.background,
        "roles": list(roles),
    }
