"""The model actions of the shop.

``EXPOSE`` in the settings says who may run which. The rows are selected and locked before the code
here gets them, everything runs in a transaction, and every run is logged.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import DecimalField, F, QuerySet, Sum
from django.utils import timezone

from django_flex.actions import ActionContext, Example, action
from shop.models import Invoice, Playlist, Refund, Track, TrackStatistics

STEP = 500


def is_not_refunded(ctx: ActionContext, invoice: Invoice) -> bool | str:
    """Return why an invoice cannot be refunded again."""
    return not Refund.objects.filter(invoice=invoice).exists() or "It has already been refunded"


@action(
    Invoice,
    condition=is_not_refunded,
    destructive=True,
    examples=[Example(name="The whole invoice", payload={"reason": "Bought twice"})],
)
def refund(
    ctx: ActionContext, invoice: Invoice, reason: str, amount: Decimal | None = None
) -> tuple[dict[str, Any], Invoice]:
    """Refund an invoice, or a part of it."""
    paid = invoice.total if amount is None else amount
    if not 0 < paid <= invoice.total:
        raise ValidationError(
            {"amount": f"The amount has to be greater than 0 and at most {invoice.total}"}
        )
    Refund.objects.create(invoice=invoice, amount=paid, reason=reason)
    return {"refunded": paid}, invoice


@action(Playlist, scope="bulk")
def archive(ctx: ActionContext, playlists: list[Playlist], undo: bool = False) -> None:
    """Hide playlists from visitors, or show them again."""
    for playlist in playlists:
        playlist.archived_at = None if undo else timezone.now()
        playlist.save(update_fields=["archived_at"])


@action(Track, scope="collection", background="allowed")
def rebuild_statistics(ctx: ActionContext) -> dict[str, int]:
    """Recount how often each track was sold, and for how much."""
    tracks = Track.objects.order_by("pk")
    total = tracks.count()
    for done, rows in _sold(tracks):
        ctx.check_cancelled()
        TrackStatistics.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["track"],
            update_fields=["sold", "revenue"],
        )
        ctx.progress(done, total, f"{done:,} of {total:,} tracks")
    return {"tracks": total}


def _sold(tracks: QuerySet[Track]) -> Iterator[tuple[int, list[TrackStatistics]]]:
    """Yield the number of counted tracks, and the statistics of the latest of them."""
    line = F("invoice_lines__unit_price") * F("invoice_lines__quantity")
    counted = tracks.annotate(
        sold=Sum("invoice_lines__quantity"),
        revenue=Sum(line, output_field=DecimalField(max_digits=12, decimal_places=2)),
    ).values_list("pk", "sold", "revenue")
    for start in range(0, tracks.count(), STEP):
        found = list(counted[start : start + STEP])
        yield (
            start + len(found),
            [
                TrackStatistics(track_id=pk, sold=sold or 0, revenue=revenue or 0)
                for pk, sold, revenue in found
            ],
        )
