"""``manage.py check_actions``: whether all actions can be called, and their examples still run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import router, transaction

from django_flex.actions.declare.definitions import STATUS, Scope
from django_flex.actions.declare.registry import registry
from django_flex.actions.models import ActionEvent
from django_flex.actions.programmatic import FlexAction

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from django_flex.actions.declare.definitions import ActionDef, Example

#: Number of rows to try an example of a bulk action on if it names none.
ROWS = 3


class Command(BaseCommand):
    """Reports actions that cannot be called, and examples that fail."""

    help = "Checks the actions; with --run-examples also runs their examples, and rolls them back."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--run-examples",
            action="store_true",
            help="Run the examples, and roll everything back.",
        )

    def handle(self, **options: object) -> None:
        """Check.

        Raises:
            CommandError: something is wrong.
        """
        faults = [f"{one.place}: {one.message}" for one in registry.problems]
        examples = [(one, example) for one in registry for example in one.examples]
        for definition, example in examples:
            name = f"{definition.resource}.{definition.id}, example '{example.name}'"
            fault = find_unknown_inputs(definition, example)
            outcome = "its input is known"
            if fault is None and options["run_examples"]:
                fault, outcome = try_example(definition, example)
            if fault is None:
                self.stdout.write(f"{name}: {outcome}")
            else:
                faults.append(f"{name}: {fault}")
        if faults:
            raise CommandError("\n".join(faults))
        self.stdout.write(f"{len(list(registry))} actions, {len(examples)} examples: no problems.")


def find_unknown_inputs(definition: ActionDef, example: Example) -> str | None:
    """Return an error if an example sends inputs that the action does not have."""
    sent = {name for name in example.payload if not name.startswith("_") and name != "id"}
    unknown = sorted(sent - set(definition.input.names))
    return f"there is no input {', '.join(unknown)}" if unknown else None


def try_example(definition: ActionDef, example: Example) -> tuple[str | None, str]:
    """Run an example and roll it back; return the error, if any, and the outcome."""
    if not definition.atomic or definition.status is STATUS.TODO:
        return None, "not run: it cannot be rolled back, or is not implemented"
    payload = {**find_targets(definition), **example.payload}
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


def find_targets(definition: ActionDef) -> dict[str, Any]:
    """Return the first rows as targets to try an action on."""
    keys = definition.model._default_manager.order_by("pk").values_list("pk", flat=True)
    if definition.scope is Scope.INSTANCE:
        first = keys.first()
        return {} if first is None else {"_id": first}
    return {"_ids": list(keys[:ROWS])} if definition.scope is Scope.BULK else {}
