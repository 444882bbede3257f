"""Names of models whose plurals follow no simple rule."""

from __future__ import annotations

from typing import Any, cast

import pytest
from django.db import models
from django.test import Client
from django.test.utils import isolate_apps

from django_flex.conf import configuration
from django_flex.policy.compile.names import names_of
from django_flex.schema.introspection import describe
from tests.doors.fronts import EVERYTHING
from tests.wild.models import News

LIST = {"anon": EVERYTHING}


@pytest.mark.parametrize(
    ("name", "expected", "other"),
    [
        ("RiskAnalysis", {"risk_analyses", "riskanalyses", "risk_analysis"}, "risk_analysises"),
        ("SchoolChild", {"school_children", "schoolchildren", "schoolchild"}, "school_childs"),
        ("TopNews", {"top_news", "topnews"}, "top_newses"),
        ("ProjectMedia", {"project_media", "projectmedia"}, "project_medias"),
        ("ToolShelf", {"tool_shelves", "toolshelves", "toolshelf"}, "tool_shelfs"),
        ("Sales2Person", {"sales2_people", "sales2people"}, "sales2_persons"),
        ("Axis", {"axes", "axis"}, "axises"),
    ],
)
def test_words_are_joined_with_and_without_underscores(
    name: str, expected: set[str], other: str
) -> None:
    with isolate_apps("tests.wild"):
        meta = type("Meta", (), {"app_label": "wild", "verbose_name_plural": "many of them"})
        model = type(name, (models.Model,), {"__module__": __name__, "Meta": meta})
        names = {*names_of(name, describe(model), None, cast("Any", None))}
    assert expected | {"many_of_them", f"wild.{name.lower()}"} <= names
    assert other not in names


@pytest.mark.parametrize(
    ("entry", "name", "found"),
    [
        ("wild.news", "news", True),
        ("wild.news", "newses", False),
        ("wild.species", "species", True),
        ("wild.shelf", "shelves", True),
        ("clubs.person", "people", True),
        ("wild.change", "changes", True),
    ],
)
def test_lists_are_asked_by_them(
    db: None, configure: Any, entry: str, name: str, found: bool
) -> None:
    configure({entry: LIST})
    News.objects.create(name="x")
    assert (200 if found else 404) == Client().get(f"/api/{name}/?fields=pk").status_code


@pytest.mark.parametrize(
    ("other", "name"),
    [("clubs.person", "people"), ("wild.shelf", "shelves"), ("wild.news", "news")],
)
def test_a_plural_that_is_the_name_of_another_is_an_error(
    configure: Any, other: str, name: str
) -> None:
    configure({"company": {**LIST, "url_name": name}, other: LIST})
    (problem,) = configuration().versions[None].problems
    assert ("E010", f"'{name}' is also a name of 'company'") == (problem.id, problem.message)
