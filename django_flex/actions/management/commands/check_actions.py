"""``manage.py check_actions``: whether all actions can be called, and their examples still run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import router, transaction

from django_flex.actions.definitions import STATUS, Scope
from django_flex.actions.models import ActionEvent
from django_flex.actions.programmatic import FlexAction
from django_flex.actions.registry import registry

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from django_flex.actions.definitions import ActionDef, Example

#: Rows that an example of a bulk action is tried on, where it names none.
ROWS = 3


class Command(BaseCommand):
    """Reports actions that cannot be called, and examples that fail."""

    help = "Check the actions; with --run-examples, run their examples and undo them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--run-examples", action="store_true", help="run the examples, then undo everything"
        )

    def handle(self, **options: Any) -> None:
        """Check.

        Raises:
            CommandError: something is wrong.
        """
        faults = [f"{one.place}: {one.message}" for one in registry.problems]
        examples = [(one, example) for one in registry for example in one.examples]
        for definition, example in examples:
            name = f"{definition.resource}.{definition.id}, example '{example.name}'"
            fault = misnamed(definition, example)
            told = "its input is known"
            if fault is None and options["run_examples"]:
                fault, told = tried(definition, example)
            if fault is None:
                self.stdout.write(f"{name}: {told}")
            else:
                faults.append(f"{name}: {fault}")
        if faults:
            raise CommandError("\n".join(faults))
        self.stdout.write(f"{len(list(registry))} actions, {len(examples)} examples: no faults.")


def misnamed(definition: ActionDef, example: Example) -> str | None:
    """Return what an example sends that the action does not know."""
    sent = {name for name in example.payload if not name.startswith("_") and name != "id"}
    unknown = sorted(sent - set(definition.input.names))
    return f"there is no input {', '.join(unknown)}" if unknown else None


def tried(definition: ActionDef, example: Example) -> tuple[str | None, str]:
    """Return what is wrong with an example when it runs, and what became of it."""
    if not definition.atomic or definition.status is STATUS.TODO:
        return None, "not run: it could not be undone, or is not written"
    payload = {**target(definition), **example.payload}
    if definition.scope is Scope.INSTANCE and not {"id", "_id"} & payload.keys():
        return None, "not run: there is no row to try it on"
    outer, log = router.db_for_write(definition.model), router.db_for_write(ActionEvent)
    with transaction.atomic(outer), transaction.atomic(log):
        result = (
            FlexAction(definition.model, definition.id)
            .unrestricted()
            .execute(payload, dry_run=True)
        )
        transaction.set_rollback(True, using=log)
        transaction.set_rollback(True, using=outer)
    return (None, "runs") if result.ok else (str(result.to_dict()), "")


def target(definition: ActionDef) -> dict[str, Any]:
    """Return rows to try an action on: the first ones."""
    keys = definition.model._default_manager.order_by("pk").values_list("pk", flat=True)
    if definition.scope is Scope.INSTANCE:
        first = keys.first()
        return {} if first is None else {"_id": first}
    return {"_ids": list(keys[:ROWS])} if definition.scope is Scope.BULK else {}
