"""Forms and serializers of entries that validate something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.forms import BaseForm

from django_flex.policy.problems import Problem
from django_flex.schema.introspection import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.policy.model import Entry


def review_validators(entry: Entry) -> Iterator[Problem]:
    """Yield which ``form_class`` or ``serializer_class`` is invalid, or is for another model."""
    for key, found in (
        ("form_class", entry.form_class),
        ("serializer_class", entry.serializer_class),
    ):
        if found is None or found.__module__.startswith("django_flex."):
            continue  # a stand-in for one that could not be imported was reported
        place = f"EXPOSE[{entry.name!r}][{key!r}]"
        name = f"{found.__module__}.{found.__qualname__}"
        model = _model_of(found)
        ours = model_of(entry.resource)
        if key == "form_class" and not issubclass(found, BaseForm):
            yield Problem("E027", f"{name} is not a form", place, "a subclass of ModelForm or Form")
        elif key == "serializer_class" and not hasattr(found, "run_validation"):
            yield Problem("E027", f"{name} is not a serializer", place, "a subclass of Serializer")
        elif ours is None or model is None:
            continue  # what is of no Django model is reported where the entry is compiled
        elif not (issubclass(ours, model) or issubclass(model, ours)):
            text = f"{name} is for {model._meta.label}"
            yield Problem("E027", text, place, f"one for {ours._meta.label}")


def _model_of(found: object) -> Any:
    meta = getattr(found, "_meta", None) or getattr(found, "Meta", None)
    model = getattr(meta, "model", None)
    return model if isinstance(model, type) else None
