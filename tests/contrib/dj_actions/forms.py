"""Forms and registries as projects of dj-actions have them."""

from __future__ import annotations

from typing import Any

from django import forms
from rest_framework import serializers

from django_flex.actions import FlexAction
from django_flex.contrib.dj_actions.forms.mixins import ActionFormMixin
from tests.testapp.models import Booking

FORM = "tests.contrib.dj_actions.forms.CloseForm"


class CloseForm(ActionFormMixin, forms.Form):
    """What runs without a viewset, through our doors."""

    why = forms.CharField(required=False)

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], Any]:
        booking = self.get_object(pk)
        booking.status = "closed"
        booking.save()
        return {"why": request.data.get("why")}, booking


class CloseManyForm(ActionFormMixin, forms.Form):
    def save(self, request: Any, pk: Any = None) -> tuple[Any, Any]:
        return None, self.get_queryset().order_by("pk")


def make_registry(form: str = FORM, kind: str = "instance", **more: Any) -> dict[str, Any]:
    action = {"form": form, "type": kind, "status": "alpha", **more}
    return {"resource": "booking", "basepath": "", "actions": {"shut": action}}


class ShutForm(ActionFormMixin, forms.Form):
    """Gives back what it is told to."""

    how = forms.CharField(required=False)

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], Any]:
        return {"pk": pk}, RESULTS[self.cleaned_data["how"]]


class NameSerializer(serializers.ModelSerializer[Booking]):
    class Meta:
        model = Booking
        fields = ("status",)


RESULTS: dict[str, Any] = {
    "": None,
    "text": "done",
    "object": {"a": 1},
    "rows": [Booking(status="a"), Booking(status="b")],
    "row": Booking(status="a"),
}
SERIALIZER = "tests.contrib.dj_actions.forms.NameSerializer"
SHUT = "tests.contrib.dj_actions.forms.ShutForm"


class NestingForm(ActionFormMixin, forms.Form):
    """Runs another action of a registry, as code does."""

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], Any]:
        inner = FlexAction(Booking, "inner").unrestricted()
        result = inner.execute({"why": "nested"}, pk=pk)
        assert result.ok, result.error
        return {"inner": result.to_dict()["why"]}, None
