"""The one page of the shop: what there is to try."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shop.tour import ACCOUNTS, TOUR, TourQuery, curl_command


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A query as the page shows it."""

    query: TourQuery
    curl: str


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Explain the roles and the queries of the tour, and let one try them in the page."""
    base_url = request.build_absolute_uri("/").removesuffix("/")
    cards = [Card(query=query, curl=curl_command(query, base_url)) for query in TOUR]
    return render(request, "shop/landing.html", {"accounts": ACCOUNTS, "cards": cards})
