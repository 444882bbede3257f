"""A tracked model action through ``ActionMixin`` beside an untracked ``@action`` of DRF.

Measured by turns, in a process of its own, for both need a project of their own. It prints JSON: the
milliseconds of processor time of each, and the ratio.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 15
REQUESTS = 100


def prepare() -> tuple[Callable[[], int], Callable[[], int], Callable[[], int]]:  # noqa: PLR0915 - one contender after the other
    """Set a project up, in memory, and return one request to each contender."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.test import RequestFactory
    from django.test.utils import setup_databases
    from rest_framework import serializers
    from rest_framework.decorators import action as rest_action
    from rest_framework.response import Response
    from rest_framework.viewsets import GenericViewSet

    from django_flex.actions import action
    from django_flex.contrib.rest_framework import ActionMixin
    from tests.testapp.models import Booking, Customer

    setup_databases(verbosity=0, interactive=False)
    customer = Customer.objects.create(name="Ada")
    booking = Booking.objects.create(customer=customer, seats=2)

    @action(Booking)
    def confirm(ctx: Any, row: Booking, note: str, seats: int = 1) -> Booking:
        row.status, row.internal_notes, row.seats = "confirmed", note, seats
        row.save(update_fields=["status", "internal_notes", "seats"])
        return row

    class Input(serializers.Serializer[Any]):
        note = serializers.CharField()
        seats = serializers.IntegerField(default=1)

    class Output(serializers.ModelSerializer[Booking]):
        class Meta:
            model = Booking
            fields = ["id", "status", "seats", "price", "customer"]

    class Plain(GenericViewSet[Booking]):
        queryset = Booking.objects.all()
        serializer_class = Output
        authentication_classes = ()

        @rest_action(detail=True, methods=["post"])
        def confirm(self, request: Any, pk: Any = None) -> Response:
            row = self.get_object()
            given = Input(data=request.data)
            given.is_valid(raise_exception=True)
            row.status, row.internal_notes = "confirmed", given.validated_data["note"]
            row.seats = given.validated_data["seats"]
            row.save(update_fields=["status", "internal_notes", "seats"])
            return Response(self.get_serializer(row).data)

    class Ours(ActionMixin, GenericViewSet[Booking]):
        queryset = Booking.objects.all()
        authentication_classes = ()

    from django.conf import settings

    fields = ["id", "status", "seats", "price", "customer"]
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"booking": {"anon": {"fields": fields, "ops": ["get", "confirm"]}}},
    }
    from django_flex.conf import configuration

    configuration.cache_clear()
    plain = Plain.as_view({"post": "confirm"}, detail=True)
    ours = Ours.as_view({"post": "run_row_action"}, detail=True)
    factory = RequestFactory()
    body = '{"note": "by phone", "seats": 3}'

    def post(view: Any, **kwargs: Any) -> Callable[[], int]:
        def send() -> int:
            request = factory.post("/own/1/actions/confirm/", body, content_type="application/json")
            response = view(request, pk=str(booking.pk), **kwargs)
            if hasattr(response, "render"):
                response.render()
            assert 200 == response.status_code, response.content
            return len(response.content)

        return send

    from django.db import transaction

    def atomically() -> int:
        with transaction.atomic():
            return post(plain)()

    return post(plain), atomically, post(ours, action_id="confirm")


def measure(send: Callable[[], int]) -> float:
    """Return the milliseconds of CPU of one request."""
    started = time.process_time()
    for _ in range(REQUESTS):
        send()
    return (time.process_time() - started) / REQUESTS * 1_000


def main() -> None:
    """Print what each takes, and how they compare."""
    plain, atomically, ours = prepare()
    for send in (plain, atomically, ours):
        measure(send)
    gc.collect()
    gc.freeze()
    found = [(measure(plain), measure(atomically), measure(ours)) for _ in range(ROUNDS)]
    names = ("plain", "atomically", "ours")
    taken = dict(zip(names, map(statistics.median, zip(*found, strict=True)), strict=True))
    taken["ratio"] = statistics.median(three / one for one, _, three in found)
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
