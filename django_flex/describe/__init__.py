"""Descriptions of what a role may do: the only source of OPTIONS, and of documents and types.

These are pure functions of the schema and the grants. They call the functions that authorize
queries, path by path, and never interpret a grant themselves.
"""

from __future__ import annotations

from django_flex.describe.backend import within_backend
from django_flex.describe.grant import (
    ActionsOf,
    describe_model,
    describe_role,
    no_actions,
    summarize_models,
)
from django_flex.describe.json_schema import as_json, reply_schema, sent_schema
from django_flex.describe.reach import operators_of
from django_flex.describe.served import ServedModel, Spelling, capitalized, type_names
from django_flex.describe.values import (
    ActionDescription,
    ActionOutput,
    AggregateDescription,
    ChildrenDescription,
    ColumnDescription,
    FieldDescription,
    InputDescription,
    ModelDescription,
    ModelSummary,
    ReachDescription,
    RelationDescription,
    WriteDescription,
)

__all__ = [
    "ActionDescription",
    "ActionOutput",
    "ActionsOf",
    "AggregateDescription",
    "ChildrenDescription",
    "ColumnDescription",
    "FieldDescription",
    "InputDescription",
    "ModelDescription",
    "ModelSummary",
    "ReachDescription",
    "RelationDescription",
    "ServedModel",
    "Spelling",
    "WriteDescription",
    "as_json",
    "capitalized",
    "describe_model",
    "describe_role",
    "no_actions",
    "operators_of",
    "reply_schema",
    "sent_schema",
    "summarize_models",
    "type_names",
    "within_backend",
]
