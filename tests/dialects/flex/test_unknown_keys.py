"""Keys of other APIs: what is meant is in the hint, in the language of the request."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from django_flex.dialects.flex.parameters import parse_parameters
from django_flex.dialects.flex.parser import KEYS, parse_query
from django_flex.exceptions import UnknownKeyError
from django_flex.query.limits import Limits

PAGE = "a page is 'limit' and 'offset': the second one of 20 rows is limit=20&offset=20"
NESTED = "name the fields of related rows in 'fields', as in 'id, customer.name'"
ORDER = "did you mean 'order_by'? '-name' sorts in descending order"
HEADERS = "credentials are sent in headers, such as Authorization"


def refused(payload: dict[str, Any], operation: str = "list") -> UnknownKeyError:
    with pytest.raises(UnknownKeyError) as caught:
        parse_query(payload, Limits(), resource="booking", operation=operation)
    return caught.value


def from_url(text: str) -> UnknownKeyError:
    return refused(parse_parameters(parse_qs(text, keep_blank_values=True).items()))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("status=todo", "filters.status=todo"),
        ("status=todo&status=done", "filters.status=todo"),
        ("year=1961", "filters.year=1961"),
        ("lang=de", "filters.lang=de"),
        ("status=to do", "filters.status=…"),
        (f"status={'a' * 41}", "filters.status=…"),
        ("title__icontains=a", "filters.title.icontains=a"),
        ("due__gte=2026-05-01", "filters.due.gte=2026-05-01"),
        ("project.name=Web", "filters.project.name=Web"),
        ("project.owner__name.in=a,b", "filters.project.owner.name.in=a,b"),
        ("related.lines.qty=1", "related.lines.filters.qty=1"),
    ],
)
def test_a_field_is_meant_as_a_filter(text: str, meant: str) -> None:
    assert f"to filter by a field: {meant}; other keys are " in (from_url(text).hint or "")


@pytest.mark.parametrize(
    ("payload", "meant"),
    [
        ({"status": "todo"}, '{"filters": {"status": …}}'),
        ({"title__icontains": "a"}, '{"filters": {"title.icontains": …}}'),
        ({"project": {"name": "Web"}}, '{"filters": {"project.name": …}}'),
        ({"status": ["todo"]}, '{"filters": {"status": …}}'),
    ],
)
def test_a_body_gets_the_filter_as_json(payload: dict[str, Any], meant: str) -> None:
    assert f"to filter by a field: {meant}; " in (refused(payload).hint or "")


@pytest.mark.parametrize(
    ("text", "path", "hint"),
    [
        ("filters[status]=todo", "filters[status]", "filters.status=todo"),
        ("filter[status]=todo", "filter[status]", "filters.status=todo"),
        ("filters[due.gte]=1", "filters[due.gte]", "filters.due.gte=1"),
        ("filters[due][gte]=1", "filters[due][gte]", "filters.due.gte=1"),
        ("filters[name__in]=1", "filters[name__in]", "filters.name.in=1"),
        ("filters[or][0][a]=1", "filters[or][0][a]", "filters.or.0.a=1"),
        ("related[lines].limit=3", "related[lines].limit", "related.lines.limit=3"),
        ("foo[bar]=1", "foo[bar]", "as in filters.name.icontains=1"),
    ],
)
def test_brackets_are_written_as_dots(text: str, path: str, hint: str) -> None:
    error = from_url(text)

    assert (path, True) == (error.path, (error.hint or "").endswith(hint))
    assert (error.hint or "").startswith("names are joined by dots")


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        ("page pageNumber page_number page[number]", PAGE),
        ("per_page pageSize page_size $top take size page[size]", "did you mean 'limit'?"),
        ("skip $skip start", "did you mean 'offset'?"),
        ("after page_token starting_after page[after]", "did you mean 'cursor'?"),
        ("sort sort_by sortBy ordering order $orderby", ORDER),
        ("expand include embed populate with $expand", NESTED),
        ("exclude omit defer", "leave a field out with '-' in 'fields', as in '*, -notes'"),
        ("only select $select columns fields[tracks]", "did you mean 'fields'?"),
        ("where filter $filter filtre", "did you mean 'filters'?"),
        ("query keyword searchTerm serach", "did you mean 'search'?"),
        ("total $count with_count", "did you mean 'count'?"),
        ("access_token apikey auth", HEADERS),
    ],
)
def test_a_key_of_another_api_gets_ours(names: str, hint: str) -> None:
    for name in names.split():
        found = from_url(f"{name}=2").hint or ""
        assert found.partition(" To filter by a field: ")[0] == hint, name


def test_a_name_that_may_be_a_column_gets_both() -> None:
    expected = "did you mean 'limit'? To filter by a field: filters.size=5"

    assert expected == from_url("size=5").hint
    assert "filter" not in (from_url("page_size=5").hint or "")


@pytest.mark.parametrize("name", ["page", "limit", "status", "filters[a]", "sort", "include"])
def test_a_hint_names_only_keys_of_the_operation(name: str) -> None:
    for key in ("filters", "order_by", "limit", "offset"):
        if key not in KEYS["get"]:
            assert key not in (refused({name: 1}, "get").hint or "")


@pytest.mark.parametrize("name", ["\x00", "", "a" * 10_000, "[", "]", "[]", "[[[", "__", "a[" * 99])
def test_any_key_has_a_printable_hint(name: str) -> None:
    hint = refused({name: 1}).hint or ""

    assert hint.isprintable()
    assert len(hint) < 600
