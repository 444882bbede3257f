"""The dialect of Directus, which combines its parsers and its envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NoReturn

from django_flex.dialects.base import Dialect
from django_flex.dialects.directus import requests
from django_flex.dialects.directus.envelope import reply
from django_flex.dialects.directus.errors import reply_to_error
from django_flex.dialects.directus.logged import names_in, rows_in
from django_flex.dialects.directus.mutations import parse_mutation
from django_flex.dialects.directus.queries import parse_query
from django_flex.dialects.directus.streams import format_of
from django_flex.exceptions import UnsupportedQueryError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django_flex.dialects.base import RawRequest
    from django_flex.engine.call import Call
    from django_flex.engine.outcomes import ActionOutcome
    from django_flex.plan.shape import FlexResult
    from django_flex.query.ast import ActionCall, Batch
    from django_flex.query.limits import Limits


class Directus(Dialect):
    """The wire form of Directus 10 to 12; it has no state."""

    takes_forms: ClassVar[bool] = False
    hides_models: ClassVar[bool] = True

    # Methods that would only pass on their arguments are the functions themselves, to save calls.
    decode = staticmethod(requests.decode)
    agreed_operation = staticmethod(requests.agreed_operation)
    with_key = staticmethod(requests.with_key)
    operation_of = staticmethod(requests.default_operation)
    names_in = staticmethod(names_in)
    rows_in = staticmethod(rows_in)
    parse_query = staticmethod(parse_query)
    parse_mutation = staticmethod(parse_mutation)
    stream_format = staticmethod(format_of)
    reply = staticmethod(reply)
    error = staticmethod(reply_to_error)

    def check_write(self, sent: RawRequest) -> None:
        """Accept any parameter: the parser refuses those that a write may not have."""

    def first_write(self, payload: Mapping[str, object]) -> int | None:
        """There are no batches."""
        return None

    def resource_of(self, payload: Mapping[str, object]) -> object:
        """Only the URL names a collection."""
        return None

    def key_of(self, payload: Mapping[str, object]) -> object:
        """Return the key in the URL."""
        return payload.get("key")

    def names_operation(self, payload: Mapping[str, object]) -> bool:
        """Only URL and method name an operation."""
        return False

    def writes_one_row(self, payload: Mapping[str, object]) -> bool:
        """Written rows have no entity tag, since there are no preconditions."""
        return False

    def parse_action(
        self, call: Call, *, name: str, scope: str, key_name: str, if_match: str | None
    ) -> ActionCall:
        """There are no model actions."""
        _refuse()

    def reply_to_action(self, outcome: ActionOutcome, headers: Mapping[str, str]) -> FlexResult:
        """There are no model actions."""
        _refuse()

    def parse_batch(self, call: Call) -> Batch:
        """There are no batches."""
        _refuse()

    def with_references(
        self,
        payload: Mapping[str, object],
        replies: Mapping[str, object],
        place: str,
        limits: Limits,
    ) -> Mapping[str, object]:
        """There are no batches."""
        _refuse()

    def reply_to_batch(self, replies: Sequence[FlexResult]) -> FlexResult:
        """There are no batches."""
        _refuse()


class DirectusFiles(Directus):
    """The same for the collection of files, whose items are sent as forms."""

    takes_forms: ClassVar[bool] = True


def _refuse() -> NoReturn:
    raise UnsupportedQueryError("Directus has no such request")


DIRECTUS = Directus()
FILES = DirectusFiles()
