"""Operations of Django's migrations for tables of DynamoDB.

They look at the model as it is when they run, since migrations keep no history of it: a table that
is as its model says is left alone.
"""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.migrations.operations.base import Operation

from django_flex.dynamodb.management.tables import apply, drop_index, drop_table, lacking
from django_flex.dynamodb.management.transfer import model_named

__all__ = ["AddDynamoIndex", "CreateDynamoTable", "RemoveDynamoIndex"]


class _OfTable(Operation):
    """An operation on a table, which is none on the state of Django's models."""

    reduces_to_sql = False
    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change nothing: Django knows no such models."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Run it, once for all databases of Django."""
        if schema_editor.connection.alias == DEFAULT_DB_ALIAS:
            self.run()

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Undo it."""
        if schema_editor.connection.alias == DEFAULT_DB_ALIAS:
            self.undo()

    def run(self) -> None:
        """Do what the operation is about."""
        raise NotImplementedError

    def undo(self) -> None:
        """Undo it."""
        raise NotImplementedError


class CreateDynamoTable(_OfTable):
    """Creates the table of a model, with its indexes, and waits for it; undone, it deletes it."""

    def __init__(self, model: str) -> None:
        """Take the name of a model, such as ``shop.Play``."""
        self.model = model

    def run(self) -> None:
        """Create the table, if there is none."""
        model = model_named(self.model)
        for one in list(lacking(model)):
            if one.kind == "table":
                apply(model, one, wait=True)

    def undo(self) -> None:
        """Delete the table, with all of its items."""
        drop_table(model_named(self.model))

    def describe(self) -> str:
        """Return a line for ``migrate``."""
        return f"Create the table of {self.model} in DynamoDB"


class AddDynamoIndex(_OfTable):
    """Creates a global index that the model has, and waits for it."""

    def __init__(self, model: str, index: str) -> None:
        """Take the name of a model, and that of one of its indexes."""
        self.model = model
        self.index = index

    def run(self) -> None:
        """Create the index, if there is none."""
        model = model_named(self.model)
        for one in list(lacking(model)):
            if one.kind == "index" and one.index is not None and one.index.name == self.index:
                apply(model, one, wait=True)

    def undo(self) -> None:
        """Remove the index."""
        drop_index(model_named(self.model), self.index)

    def describe(self) -> str:
        """Return a line for ``migrate``."""
        return f"Add the index {self.index} of {self.model} in DynamoDB"


class RemoveDynamoIndex(AddDynamoIndex):
    """Removes a global index; undone, it creates it again, if the model has it."""

    def run(self) -> None:
        """Remove the index, if there is one."""
        super().undo()

    def undo(self) -> None:
        """Create the index."""
        super().run()

    def describe(self) -> str:
        """Return a line for ``migrate``."""
        return f"Remove the index {self.index} of {self.model} in DynamoDB"
