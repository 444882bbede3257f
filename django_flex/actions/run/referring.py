"""The rows that inputs of an action may name, each found by the backend of its own model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.schema.introspection import label_of
from django_flex.schema.model_relations import without_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django_flex.actions.run.runs import Run
    from django_flex.backends.base import VisibleRows


class ReferableRows:
    """The rows of any model that an input may name: those that the caller may see."""

    __slots__ = ("_run",)

    def __init__(self, run: Run) -> None:
        self._run = run

    @property
    def unrestricted(self) -> bool:
        """Whether the code that started the run has turned permissions off."""
        return self._run.reach.unrestricted

    def find(self, model: Any, keys: Iterable[Any]) -> Mapping[Any, Any]:
        """Return the visible objects among some keys, by the key as it was sent.

        Raises:
            LimitExceededError: too many keys.
            UnsupportedQueryError: the backend of the model cannot find objects.
        """
        return self._of(model).find(model, keys)

    def own(self, queryset: Any) -> Any:
        """Return the part of a queryset of the action's model that the action may be run on."""
        return self._of(queryset.model).own(queryset)

    def narrow(self, queryset: Any) -> Any:
        """Return the part of a queryset that the caller may see."""
        if without_text(queryset.model):
            return queryset.none()  # nothing says which of these rows the caller may see
        return self._of(queryset.model).narrow(queryset)

    def _of(self, model: Any) -> VisibleRows:
        run = self._run
        resource = run.reach.access.policy.schema.find(label_of(model))
        backend = run.settings.backends.of(resource)
        using = run.using if backend is run.backend else backend.database(resource)
        return backend.rows_for_input(run.reach, using)
