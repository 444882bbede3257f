"""django-taggit: what a caller may not see of tags changes no reply, and no tag is added without a right."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from taggit.models import Tag, TaggedItem

from tests.ecosystem.conftest import GRANT, ask, edited, expose, rows
from tests.ecosystem.tagged_models import Gig, OwnTag, Photo

SHOWN = {"name.startswith": "v"}
READING = [name for name in GRANT["ops"] if name not in {"add", "edit"}]
EVERYTHING = {**GRANT, "fields": ["*", "tags"], "write_fields": ["title", "tags"]}


def stored(row: Any) -> list[str]:
    return [tag.name for tag in row.tags.all()]


@pytest.fixture
def use(settings: Any) -> Any:
    """Set entries beside those of the suite; ``None`` removes one."""

    def use(entries: dict[str, Any]) -> None:
        found = expose()
        every = {**found["EXPOSE"], **entries}
        settings.DJANGO_FLEX = {**found, "EXPOSE": {n: e for n, e in every.items() if e}}

    return use


def fill(*, hidden: bool) -> list[Photo]:
    """Three rows with visible tags; with hidden ones, too, on two of them."""
    found = [Photo.objects.create(title=title) for title in "abc"]
    if hidden:
        found[0].tags.add("secret")
        found[2].tags.add("secret", "a-secret")
    found[0].tags.add("v2", "v1")
    found[1].tags.add("v1")
    return found


QUERIES: list[dict[str, Any]] = [
    {"fields": "title, tags"},
    {"fields": "tags.name"},
    {"fields": "tags, tags.slug"},
    {"fields": "title", "filters": {"tags": "secret"}},
    {"fields": "title", "filters": {"tags.in": ["secret", "v2"]}},
    {"fields": "title", "filters": {"tags.name.contains": "e"}},
    {"fields": "title", "filters": {"tags.ne": "v1"}},
    {"fields": "title", "filters": {"tags": None}},
    {"fields": "title", "filters": {"tags.isnull": False}},
    {"fields": "title", "filters": {"not": {"tags": "secret"}}},
    {"fields": "title", "filters": {"tags.none": {"slug": "secret"}}},
    {"fields": "title", "filters": {"tags.every": {"name.startswith": "v"}}},
    {"fields": "title", "filters": {"tags.count.gte": 2}},
    {"fields": "title, n:tags.count, m:tags.name.max", "order_by": "-tags.count, title"},
    {"fields": "title", "order_by": "tags.name.min, title"},
    {"fields": "tags", "related": {"tags": {"limit": 1, "count": True}}},
    {"fields": "tags", "related": {"tags": {"offset": 1, "count": True}}},
    {"fields": "tags", "related": {"tags": {"order_by": "name", "cursor": True, "limit": 1}}},
    {"fields": "tags", "related": {"tags": {"distinct": True}}},
    {"fields": "title", "related": {"t": {"from": "tags", "aggregate": "count"}}},
    {"fields": "title", "cursor": True, "order_by": "-tags.count", "limit": 1},
    {"fields": "title", "count": True, "filters": {"tags": "secret"}},
    {"fields": "title", "aggregate": "tags.count, tags.name.max"},
    {"_action": "aggregate", "aggregate": "tags.count, tags.name.min"},
    {"_action": "aggregate", "group_by": "title", "aggregate": "tags.count"},
    {"fields": "tags.nothing"},
    {"fields": "title", "filters": {"tags.nothing": "x"}},
]
ENTRIES: dict[str, dict[str, Any]] = {
    "rows-of-tags": {"taggit.tag": {"anon": {**GRANT, "rows": SHOWN}}},
    "rows-of-links": {
        "taggit.taggeditem": {"anon": {**GRANT, "rows": {"tag.name.startswith": "v"}}}
    },
    "rows-of-links-and-no-tags": {
        "taggit.tag": None,
        "taggit.taggeditem": {"anon": {**GRANT, "rows": {"tag.name.startswith": "v"}}},
    },
}


@pytest.mark.parametrize("entries", ENTRIES.values(), ids=ENTRIES.keys())
def test_hidden_tags_change_no_reply(entries: dict[str, Any], use: Any) -> None:
    use({"ecosystem.photo": {"anon": EVERYTHING}, **entries})

    def replies() -> list[Any]:
        asked = [{"_action": "list", "shape": "list", **query} for query in QUERIES]
        found = [ask("photo", query.pop("_action"), **query) for query in asked]
        # A cursor is sealed, so the same one never looks the same.
        return [re.sub(r"'cursor': '[^']+'", "'cursor': …", str(one)) for one in found]

    first = fill(hidden=True)
    found = replies()
    keys = [row.pk for row in first]
    Tag.objects.all().delete()
    for row in first:
        row.tags.clear()
    first[0].tags.add("v2", "v1")
    first[1].tags.add("v1")

    assert replies() == found
    assert keys == [row.pk for row in Photo.objects.order_by("pk")]
    assert 403 == ask("photo", "list", fields="tags.nothing")[0]
    assert 20 < sum(one.startswith("(200, ") for one in found)


@pytest.mark.parametrize(
    "tag",
    [
        pytest.param({"anon": {**GRANT, "rows": SHOWN, "ops": READING}}, id="may-not-add"),
        pytest.param({"anon": {"rows": SHOWN, "fields": ["*"]}}, id="no-operations"),
        pytest.param(
            {"anon": {**GRANT, "rows": SHOWN, "write_fields": ["slug"]}}, id="may-not-name"
        ),
        pytest.param(
            {"anon": {**GRANT, "rows": SHOWN, "add": {"presets": {"name": "v9"}}}}, id="preset"
        ),
    ],
)
@pytest.mark.parametrize("verb", ["$add", "$set"])
def test_a_hidden_tag_is_refused_as_a_missing_one(verb: str, tag: Any, use: Any) -> None:
    use({"ecosystem.photo": {"anon": EVERYTHING}, "taggit.tag": tag})
    row, *_ = fill(hidden=True)

    def told(name: str) -> Any:
        status, reply = ask("photo", "edit", id=row.pk, title="z", tags={verb: ["v1", name]})
        assert status == 400
        return {key: str(value).replace(name, "…") for key, value in reply.items()}

    assert told("missing") == told("secret") == told("a-secret")
    assert "does_not_exist" in told("missing")["codes"]
    assert ["secret", "v2", "v1"] == stored(Photo.objects.get(title="a"))
    assert 4 == Tag.objects.count()


def test_an_entry_without_the_role_lets_nobody_add(use: Any) -> None:
    use({"ecosystem.photo": {"anon": EVERYTHING}, "taggit.tag": {"staff": GRANT}})
    row, *_ = fill(hidden=True)

    assert 400 == ask("photo", "edit", id=row.pk, tags={"$add": ["missing"]})[0]
    edited("photo", row.pk, tags={"$add": ["a-secret"]})  # written out, and hidden by no rule
    assert 4 == Tag.objects.count()


def test_hidden_tags_stay_where_others_are_replaced_and_removed(use: Any) -> None:
    use({"ecosystem.photo": {"anon": EVERYTHING}, **ENTRIES["rows-of-tags"]})
    row, *_ = fill(hidden=True)

    assert {"tags": ["v3"]} == edited("photo", row.pk, tags=["v3"], _fields="tags")
    assert ["secret", "v3"] == stored(row)
    assert {"tags": ["v3"]} == edited(
        "photo", row.pk, tags={"$remove": ["secret", "missing"]}, _fields="tags"
    )
    assert {"tags": []} == edited("photo", row.pk, tags=[], _fields="tags")
    assert ["secret"] == stored(row)


def test_who_may_add_tags_adds_them_under_their_rules(use: Any) -> None:
    tag = {**GRANT, "rows": SHOWN, "add": {"fields": ["name"], "check": {"name.ne": "v-bad"}}}
    use({"ecosystem.photo": {"anon": EVERYTHING}, "taggit.tag": {"anon": tag}})
    row, *_ = fill(hidden=True)

    assert {"tags": ["v2", "v1", "v4"]} == edited(
        "photo", row.pk, tags={"$add": ["v4"]}, _fields="tags"
    )
    assert 403 == ask("photo", "edit", id=row.pk, tags={"$add": ["v-bad"]})[0]
    assert 403 == ask("photo", "edit", id=row.pk, tags={"$add": ["w"]})[0]
    status, reply = ask("photo", "edit", id=row.pk, tags={"$add": ["a-secret"]})
    assert (400, {"tags": ["does_not_exist"]}) == (status, reply["codes"])
    assert {"a-secret", "secret", "v1", "v2", "v4"} == {tag.name for tag in Tag.objects.all()}


@pytest.mark.parametrize("name", ["a-secret", "A-Secret"])
def test_a_hidden_tag_is_taken_in_any_case_where_the_project_ignores_it(
    name: str, use: Any, settings: Any
) -> None:
    settings.TAGGIT_CASE_INSENSITIVE = True
    tag = {**GRANT, "rows": {"slug.ne": "a-secret"}, "add": {"fields": ["name"]}}
    use({"ecosystem.photo": {"anon": EVERYTHING}, "taggit.tag": {"anon": tag}})
    row, *_ = fill(hidden=True)

    status, reply = ask("photo", "edit", id=row.pk, tags={"$add": [name]})
    assert (400, {"tags": ["does_not_exist"]}) == (status, reply["codes"])
    assert ["a-secret"] == [one.name for one in Tag.objects.filter(name__iexact=name)]


def test_presets_and_rules_hold_for_names_that_others_have_too(use: Any) -> None:
    mine = {
        **GRANT,
        "rows": {"owner": "me"},
        "add": {"fields": ["name"], "presets": {"owner": "me"}},
    }
    use(
        {
            "ecosystem.gig": {"anon": EVERYTHING},
            "ecosystem.owntag": {"anon": mine},
        }
    )
    other = OwnTag.objects.create(name="x")
    gig = Gig.objects.create(title="a")
    gig.tags.add(other)

    assert {"tags": ["x", "y"]} == edited("gig", gig.pk, tags=["x", "y"], _fields="tags")
    assert {("x", "us"), ("x", "me"), ("y", "me")} == {(t.name, t.owner) for t in gig.tags.all()}
    assert {"tags": ["y"]} == edited("gig", gig.pk, tags=["y"], _fields="tags")
    assert {("x", "us"), ("y", "me")} == {(t.name, t.owner) for t in gig.tags.all()}


def test_links_with_rules_of_their_own_are_not_written_as_lists(use: Any) -> None:
    use({"ecosystem.photo": {"anon": EVERYTHING}, **ENTRIES["rows-of-links"]})
    row, *_ = fill(hidden=True)

    status, reply = ask("photo", "edit", id=row.pk, tags=["v1"])
    assert (400, "query.unsupported") == (status, reply["code"])
    assert 6 == TaggedItem.objects.count()


NO_ENTRY: dict[str, Any] = {"taggit.tag": None, "taggit.taggeditem": None}


def photo(**grant: Any) -> dict[str, Any]:
    return {"ecosystem.photo": {"anon": {"ops": ["list", "edit", "aggregate"], **grant}}}


def test_without_an_entry_only_what_is_written_out_is_there(use: Any) -> None:
    use({**NO_ENTRY, **photo(fields=["title", "tags"], filters=["tags"], order_by=["id"])})
    fill(hidden=False)

    assert [["v2", "v1"], ["v1"], []] == [row["tags"] for row in rows("photo", "title, tags")]
    assert 200 == ask("photo", "list", fields="title", filters={"tags": "v1"})[0]
    assert 403 == ask("photo", "list", fields="tags.slug")[0]
    assert 403 == ask("photo", "list", fields="tags.id")[0]
    assert 403 == ask("photo", "list", fields="title", filters={"tags.in": ["v1"]})[0]
    assert 403 == ask("photo", "list", fields="title", filters={"tags.slug": "v1"})[0]
    status, reply = ask("photo", "list", fields="tags.*")
    assert (200, [{"name": "v1"}]) == (status, [*reply["results"].values()][1]["tags"])


@pytest.mark.parametrize(
    "grant",
    [
        pytest.param({"fields": ["title"]}, id="not-named"),
        pytest.param({"fields": ["*"]}, id="wildcard"),
    ],
)
def test_tags_that_are_not_granted_look_as_if_there_were_none(
    grant: dict[str, Any], use: Any
) -> None:
    use({**NO_ENTRY, **photo(**grant, filters=["*"], order_by=["*"], write_fields=["title"])})
    row, *_ = fill(hidden=False)

    def told(name: str) -> list[Any]:
        asked: list[tuple[str, dict[str, Any]]] = [
            ("list", {"fields": name}),
            ("list", {"fields": "title", "filters": {name: "v1"}}),
            ("list", {"fields": "title", "filters": {f"{name}.in": ["v1"]}}),
            ("list", {"fields": "title", "filters": {f"{name}.count": 1}}),
            ("list", {"fields": "title", "order_by": f"{name}.count"}),
            ("list", {"fields": "title", "related": {name: {}}})
            if name == "tags"
            else ("list", {}),
            ("edit", {"id": row.pk, name: ["v1"]}),
        ]
        replies = [ask("photo", action, **spec) for action, spec in asked]
        return [str(reply).replace(name, "…") for reply in replies]

    found, missing = told("tags"), told("tagz")
    del found[5], missing[5]
    assert missing == found


@pytest.mark.parametrize(
    ("name", "settings_of"),
    [
        pytest.param("exclude", {"exclude": ["tags"]}, id="excluded"),
        pytest.param("guard", {}, id="guarded"),
    ],
)
def test_wildcards_leave_out_what_is_kept(
    name: str, settings_of: dict[str, Any], use: Any, settings: Any
) -> None:
    use({"ecosystem.photo": {"anon": GRANT, **settings_of}})
    if name == "guard":
        settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "GUARDED_FIELDS": ["tags"]}
    row, *_ = fill(hidden=False)

    assert 403 == ask("photo", "list", fields="tags")[0]
    assert 403 == ask("photo", "list", fields="title", filters={"tags": "v1"})[0]
    assert 403 == ask("photo", "edit", id=row.pk, tags=[])[0]


def test_a_row_has_to_be_among_the_rows_after_its_tags_changed(use: Any) -> None:
    use({"ecosystem.photo": {"anon": {**EVERYTHING, "rows": {"tags": "v1"}}}})
    row, *_ = fill(hidden=False)

    assert 403 == ask("photo", "edit", id=row.pk, tags=["v2"])[0]
    assert ["v2", "v1"] == stored(row)
    assert 200 == ask("photo", "edit", id=row.pk, tags=["v1", "v3"])[0]
    assert {"a", "b"} == {one["title"] for one in rows("photo", "title")}


def test_a_failed_write_leaves_no_new_tag() -> None:
    row, *_ = fill(hidden=False)

    assert 400 == ask("photo", "edit", id=row.pk, tags=["new"], title="x" * 51)[0]
    assert 200 == ask("photo", "edit", id=row.pk, tags=["new"], _dry_run=True)[0]
    assert ["v2", "v1"] == stored(row)
    assert not Tag.objects.filter(name="new").exists()


def test_a_delete_takes_links_along_where_that_is_granted(use: Any) -> None:
    entries = {"ecosystem.photo": {"anon": EVERYTHING}, **NO_ENTRY}
    use(entries)
    row, other, _ = fill(hidden=False)

    assert 409 == ask("photo", "delete", id=row.pk)[0]
    use({**entries, "taggit.taggeditem": {"anon": GRANT}})
    assert 200 == ask("photo", "delete", id=row.pk)[0]
    deleting = {**EVERYTHING, "delete": {"cascade": ["taggit.taggeditem"]}}
    use({"ecosystem.photo": {"anon": deleting}, **NO_ENTRY})
    assert 200 == ask("photo", "delete", id=other.pk)[0]
    assert (0, 2) == (TaggedItem.objects.count(), Tag.objects.count())


# --- what the guide to generic relations shows ---

GUIDE = Path(__file__).parents[2] / "docs/how-to/relate-to-any-model.md"
TAGS = GUIDE.read_text().partition("\n## Tags\n")[2].replace('"film"', '"ecosystem.photo"')


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TAGS, re.DOTALL)


def entries(block: str) -> dict[str, Any]:
    """What is exposed, to callers that nobody has to sign in."""
    found: dict[str, Any] = ast.literal_eval(block)
    return {name: {"anon": entry["authenticated"]} for name, entry in found.items()}


@pytest.fixture
def exposed_as_in_the_guide(settings: Any) -> dict[str, Any]:
    films, _ = blocks("python")
    expose = entries(ast.unparse(ast.parse(films).body[0].value.values[0]))  # type: ignore[attr-defined]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}
    return expose


def test_the_write_of_the_guide_adds_tags_that_its_filters_find(
    exposed_as_in_the_guide: dict[str, Any],
) -> None:
    (write,) = blocks("json")
    sent = json.loads(write)
    status, row = ask("photo", sent.pop("_action"), **sent, _fields="title, tags")

    assert (201, sent) == (status, row)
    for filters in ({"tags": "horror"}, {"tags.in": ["space", "other"]}):
        status, reply = ask("photo", "list", filters=filters)
        assert (200, 1) == (status, len(reply["results"])), reply


def test_a_vocabulary_is_fixed_by_its_entry(
    settings: Any, exposed_as_in_the_guide: dict[str, Any]
) -> None:
    _, tags = blocks("python")
    expose = {**exposed_as_in_the_guide, **entries(f"{{{tags}}}")}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}
    Tag.objects.create(name="horror")

    assert 201 == ask("photo", "add", title="Alien", tags=["horror"])[0]
    assert 400 == ask("photo", "add", title="Aliens", tags=["horror", "invented"])[0]
    assert ["Alien"] == list(Photo.objects.values_list("title", flat=True))
    assert not Tag.objects.filter(name="invented").exists()
