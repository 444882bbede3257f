"""django-modeltranslation: a column for each language, and a manager that swaps their names."""

from __future__ import annotations

from django.utils import translation

from tests.ecosystem.conftest import added, ask, edited, rows
from tests.ecosystem.models import News


def stored() -> list[object]:
    return list(News.objects.rewrite(False).order_by("pk").values("title_en", "title_de", "number"))


def test_reads_have_each_value_under_its_own_name() -> None:
    News(title_en="Hello", title_de="Hallo", number=7).save()

    expected = {"id": 1, "title": "Hello", "title_en": "Hello", "title_de": "Hallo", "number": 7}
    assert [{**expected, "id": News.objects.get().pk}] == rows("news")
    assert [{"number": 7, "title_de": "Hallo"}] == rows("news", "number, title_de")


def test_filters_and_orders_by_a_language() -> None:
    News(title_en="Hello", title_de="Hallo").save()
    News(title_en="Bye", title_de="Tschüss").save()

    assert [{"title_en": "Bye"}] == rows("news", "title_en", filters={"title_de": "Tschüss"})
    found = rows("news", "title_en", order_by="-title_de")
    assert [news.title_en for news in News.objects.order_by("-title_de")] == [
        row["title_en"] for row in found
    ]


def test_writes_go_to_the_language_that_is_active() -> None:
    row = added("news", title="Hello")
    with translation.override("de"):
        edited("news", row["id"], title="Hallo")
    assert [{"title_en": "Hello", "title_de": "Hallo", "number": 0}] == stored()

    edited("news", row["id"], title_de="Servus", number=3)
    assert [{"title_en": "Hello", "title_de": "Servus", "number": 3}] == stored()


def test_the_untranslated_name_is_read_as_it_is_stored() -> None:
    """The manager would turn it into the language that is active; the reply of an API does not."""
    News(title_en="Hello", title_de="Hallo").save()

    with translation.override("de"):
        assert [{"title": "Hello", "title_de": "Hallo"}] == rows("news", "title, title_de")
        assert [] == rows("news", filters={"title": "Hallo"})


def test_bulk_edit_writes_every_row() -> None:
    News(title_en="a", title_de="b").save()
    News(title_en="c", title_de="d").save()

    status, reply = ask("news", "bulk_edit", filters={"number": 0}, _set={"title_de": "x"})

    assert (200, 2) == (status, reply["affected"])
    assert ["x", "x"] == list(News.objects.values_list("title_de", flat=True))
