"""Actions of the test app, registered anew for each test."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404

from django_flex.actions import Action, ActionContext, ActionError, action
from tests.testapp.models import Booking, Customer, Tag


class Channel(enum.Enum):
    MAIL = "mail"
    PHONE = "phone"


class MoveForm(forms.Form):
    customer = forms.ModelChoiceField(Customer.objects.all())
    pin_code = forms.CharField(widget=forms.PasswordInput, required=False)
    seats = forms.IntegerField(min_value=1, max_value=9, help_text="how many")


@dataclass
class Reason:
    text: str
    code: int = 0


#: What ran, for tests of what must run once.
RAN: list[Any] = []


def is_pending(context: ActionContext, booking: Any) -> bool | str:
    return booking.status == "pending" or f"It is {booking.status}"


def register() -> None:  # noqa: C901 - one after the other
    """Register every action of the tests."""
    RAN.clear()

    @action(Booking)
    def confirm(
        ctx: ActionContext,
        booking: Booking,
        note: str = "",
        seats: int | None = None,
        customer: Customer | None = None,
    ) -> Booking:
        """Confirm a booking."""
        RAN.append(booking.pk)
        booking.status, booking.internal_notes = "confirmed", note
        booking.seats = booking.seats if seats is None else seats
        booking.customer = customer or booking.customer
        booking.save()
        return booking

    @action(Booking)
    def typed(
        ctx: ActionContext,
        booking: Booking,
        *,
        channel: Channel = Channel.MAIL,
        kind: Literal["a", "b"] = "a",
        amount: Decimal | None = None,
        at: datetime | None = None,
        tags: list[Tag] | None = None,
        numbers: list[int] | None = None,
    ) -> dict[str, Any]:
        return {
            "channel": channel.value,
            "kind": kind,
            "amount": amount,
            "at": at,
            "tags": [tag.pk for tag in tags or []],
            "numbers": numbers,
        }

    @action(Booking, condition=is_pending)
    def approve(ctx: ActionContext, booking: Booking) -> None:
        booking.status = "approved"
        booking.save()
        ctx.meta["approved_by"] = str(ctx.user or "nobody")

    @action(Booking, input=MoveForm)
    def move(ctx: ActionContext, booking: Booking, data: dict[str, Any]) -> Booking:
        booking.customer, booking.seats = data["customer"], data["seats"]
        booking.save()
        return booking

    @action(Booking, input=Reason)
    def explain_why(ctx: ActionContext, booking: Booking, reason: Reason) -> dict[str, Any]:
        return {"said": f"{reason.text} ({reason.code})"}

    @action(Booking)
    def fail(ctx: ActionContext, booking: Booking, how: str) -> None:
        booking.status = "half done"
        booking.save()
        raise FAILURES[how]

    @action(Booking, scope="bulk")
    def close_all(ctx: ActionContext, bookings: list[Booking], status: str = "closed") -> None:
        for booking in bookings:
            booking.status = status
            booking.save()

    @action(Booking, scope="bulk", bulk_mode="each", condition=is_pending)
    def close_each(ctx: ActionContext, booking: Booking) -> None:
        RAN.append(booking.pk)
        booking.status = "closed"
        booking.save()
        if booking.pk == 6:
            raise ValueError(booking.pk)

    @action(Booking, scope="collection")
    def count_all(ctx: ActionContext, factor: int = 1) -> dict[str, int]:
        return {"count": factor * Booking.objects.count()}

    @action(scope="global")
    def ping(ctx: ActionContext) -> dict[str, str]:
        return {"answer": "pong"}

    @action(Booking, status="todo")
    def someday(ctx: ActionContext, booking: Booking) -> None: ...

    @action(Booking, sensitive={"answer"})
    def unlock(
        ctx: ActionContext, booking: Booking, password: str, answer: str, nested: dict[str, Any]
    ) -> dict[str, Any]:
        return {"token": "s3cret", "text": "fine"}

    class Remind(Action):
        model = Booking
        Input = Reason

        def available(self, context: ActionContext, row: Any) -> bool:
            return bool(row.urgent)

        def validate(self, context: ActionContext, row: Any, data: Any) -> None:
            if data.code > 9:
                raise ValidationError({"code": "too high"})

        async def run(self, context: ActionContext, row: Any, data: Any) -> Any:
            row.internal_notes = data.text
            await row.asave()
            return {"reminded": True}, row


#: What an action raises, by the name that the tests send.
FAILURES: dict[str, Exception] = {
    "bug": ZeroDivisionError("the password is hunter2"),
    "refused": ActionError("Already paid", hint="ask for a refund"),
    "denied": PermissionDenied("Not on Sundays"),
    "invalid": ValidationError({"how": ["Not like this"]}),
    "invalid-whole": ValidationError("Not at all"),
    "missing": Http404("gone"),
}
EVERY = (
    "confirm",
    "typed",
    "approve",
    "move",
    "explain_why",
    "fail",
    "close_all",
    "close_each",
    "count_all",
    "someday",
    "unlock",
    "remind",
)
