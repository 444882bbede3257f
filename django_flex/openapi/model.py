"""One model of a document that is being made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_flex.openapi.parts import limited, security
from django_flex.openapi.queries import query_schema
from django_flex.openapi.replies import READING, responses_of
from django_flex.openapi.rows import key_schema, row_schema, selection_schema

if TYPE_CHECKING:
    from django_flex.describe import ModelDescription, ServedModel
    from django_flex.openapi.components import Components
    from django_flex.openapi.values import Api, Node, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of a document that is being made; ``name`` is that of its components."""

    name: str
    served: ServedModel
    api: Api
    release: Release
    components: Components

    @property
    def description(self) -> ModelDescription:
        """The model as the role may use it."""
        return self.served.description

    @property
    def url(self) -> str:
        """The URL of the list."""
        return f"{self.api.prefix}{self.served.url_name}/"

    @property
    def key(self) -> Node:
        """The schema of the keys of rows."""
        return key_schema(self.description)

    def row(self) -> Node:
        """Return the schema of a row in a reply."""
        row = self.components.ref(self.name, lambda: row_schema(self.description))
        chosen = self.components.ref("Selection", selection_schema)
        return {"anyOf": [row, chosen]}

    def query(self) -> Node:
        """Return the schema of a list query."""
        return self.components.ref(
            f"{self.name}Query",
            lambda: query_schema(self.name, self.description, self.components, self.api.spelling),
        )

    def operation(
        self, verb: str, summary: str, *, counted: str, writes: bool = False, **parts: Any
    ) -> Node:
        """Return an operation; ``counted`` is what rate limits call it."""
        rate = self.description.rates.get(counted)
        succeeded, failing = parts.pop("succeeded"), parts.pop("failing", READING)
        return {
            "operationId": f"{verb}{self.name}",
            "summary": summary,
            "tags": [self.description.summary.name],
            **({"deprecated": True} if self.api.deprecated else {}),
            **parts,
            "security": security(self.api, writes=writes),
            "responses": responses_of(self.api, succeeded, failing, rate),
            **limited(rate),
        }
