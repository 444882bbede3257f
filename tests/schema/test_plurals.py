"""English plurals of the names of models."""

from __future__ import annotations

import pytest

from django_flex.schema.plurals import in_words, plural

PLURALS = {
    "booking": "bookings",
    "company": "companies",
    "day": "days",
    "address": "addresses",
    "status": "statuses",
    "box": "boxes",
    "church": "churches",
    "brush": "brushes",
    "analysis": "analyses",
    "canvas": "canvases",
    "person": "people",
    "salesperson": "salespeople",
    "news_child": "news_children",
    "woman": "women",
    "half": "halves",
    "chief": "chiefs",
    "knife": "knives",
    "quiz": "quizzes",
    "media_type": "media_types",
    "line item": "line items",
    "sub category": "sub categories",
    "metadata": "metadata",
    "series": "series",
    "settings": "settings",
    "x2": "x2s",
    "größe": "größes",
    "child": "children",
    "news": "news",
    "analyst": "analysts",
    "risk_diagnosis": "risk_diagnoses",
    "axis": "axes",
    "index": "indexes",
    "matrix": "matrices",
    "salesman": "salesmen",
    "business_woman": "business_women",
    "businesswoman": "businesswomen",
    "human": "humans",
    "german": "germans",
    "talisman": "talismans",
    "bookshelf": "bookshelves",
    "midwife": "midwives",
    "giraffe": "giraffes",
    "belief": "beliefs",
    "superhero": "superheroes",
    "piano": "pianos",
    "mongoose": "mongooses",
    "bluetooth": "bluetooths",
    "epoch": "epochs",
    "branch": "branches",
    "fintech": "fintechs",
    "batch_query": "batch_queries",
    "survey": "surveys",
    "alias": "aliases",
    "campus": "campuses",
    "corpus": "corpora",
    "firmware": "firmware",
    "species": "species",
    "bus_stop_2": "bus_stop_2s",
}


@pytest.mark.parametrize("name", PLURALS)
def test_plural_of_a_name(name: str) -> None:
    assert PLURALS[name] == plural(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Booking", "booking"),
        ("BookingLine", "booking_line"),
        ("VIPCustomer", "vip_customer"),
        ("HTTPLog", "http_log"),
        ("OAuth2Token", "oauth2_token"),
        ("URL", "url"),
        ("Booking_Line", "booking_line"),
    ],
)
def test_words_of_the_name_of_a_class(name: str, words: str) -> None:
    assert words == in_words(name)
