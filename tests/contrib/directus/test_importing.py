"""``flex_import_directus``: models, grants and a report from a project of Directus."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from tests.contrib.directus.project import (
    OLD_POLICIES,
    PERMISSIONS,
    POLICIES,
    ROLES,
    SNAPSHOT,
    field,
    key,
    permission,
)


def run(folder: Path, source: Any, policies: Any = None, **options: Any) -> str:
    """Run the command on documents, and return what it prints."""
    if not isinstance(source, str):
        path = folder / "snapshot.json"
        path.write_text(json.dumps(source))
        source = str(path)
    if policies is not None:
        options["policies"] = folder / "policies.json"
        options["policies"].write_text(json.dumps(policies))
    printed = StringIO()
    call_command("flex_import_directus", source, output=folder / "out", stdout=printed, **options)
    return printed.getvalue()


def expose_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    exec((folder / "out/expose.py").read_text(), found)
    return found


def report_of(folder: Path) -> str:
    return (folder / "out/REPORT.md").read_text()


def expanded(policies: dict[str, Any]) -> dict[str, Any]:
    """Return the policies with items in place of their keys, as ``fields=*.*`` gives them."""
    kinds = {"role": "roles", "parent": "roles", "policy": "policies"}

    def item(name: str, value: Any) -> Any:
        if name == "user" and value:
            return {"id": value, "email": "a@example.org"}
        found = [one for one in policies.get(kinds.get(name, ""), ()) if one["id"] == value]
        return found[0] if found else value

    return {
        part: [{name: item(name, value) for name, value in one.items()} for one in rows]
        for part, rows in policies.items()
    }


@pytest.mark.parametrize("policies", [POLICIES, OLD_POLICIES], ids=["by-policy", "by-role"])
def test_items_in_place_of_keys_say_the_same(tmp_path: Path, policies: Any) -> None:
    assert expanded(policies) != policies
    run(tmp_path, SNAPSHOT, policies)
    plain = expose_of(tmp_path)["EXPOSE"], report_of(tmp_path)
    run(tmp_path, SNAPSHOT, expanded(policies), force=True)
    assert plain == (expose_of(tmp_path)["EXPOSE"], report_of(tmp_path))


def test_words_of_a_field_may_be_a_text(tmp_path: Path) -> None:
    secret = field("tags", "secret", "string", special="cast-json, conceal")
    run(tmp_path, {**SNAPSHOT, "fields": [*SNAPSHOT["fields"], secret]})
    assert ["secret"] == expose_of(tmp_path)["EXPOSE"]["tags"]["exclude"]


def test_clients_may_not_name_what_rules_compare_with(tmp_path: Path) -> None:
    """Rules need no setting for it; who filters by a value of the user finds out what it is."""
    rule = {"title": {"_eq": "$CURRENT_USER.token"}}
    read = permission("posts", "read", role=1, permissions=rule)
    run(tmp_path, SNAPSHOT, {"roles": [{"id": 1, "name": "Own"}], "permissions": [read]})
    assert {"title": {"$user": "token"}} == expose_of(tmp_path)["EXPOSE"]["posts"]["own"]["rows"]
    assert "USER_VALUES" not in (tmp_path / "out/expose.py").read_text()
    assert "has to have: token; in filters" in report_of(tmp_path)


@pytest.mark.parametrize("policies", [POLICIES, OLD_POLICIES], ids=["by-policy", "by-role"])
def test_grants_allow_what_the_policies_allow(tmp_path: Path, policies: Any) -> None:
    run(tmp_path, SNAPSHOT, policies)
    expose = expose_of(tmp_path)["EXPOSE"]
    assert {"authors", "posts", "poststags", "tags", "site", "auth.user"} == expose.keys()
    assert {} == expose["auth.user"]
    assert "posts_tags" == expose["poststags"]["url_name"]
    posts = expose["posts"]
    assert "*" == posts["superuser"] == expose["site"]["superuser"]
    assert {
        "rows": {"status": "live"},
        "fields": ["id", "title"],
        "filters": ["*"],
        "order_by": ["*"],
        "aggregates": ["*"],
        "ops": ["get", "list", "aggregate", "export"],
    } == posts["anon"]
    own = {"owner": {"$user": "id"}}
    assert {"or": [{"status": "live"}, own]} == posts["readers"]["rows"]
    agents = posts["agents"]
    assert "rows" not in agents
    assert {"fields": ["title", "views"], "presets": own} == agents["add"]
    nonempty = {"title.isnull": False, "title.ne": ""}
    assert {"fields": ["title"], "rows": own, "check": nonempty} == agents["edit"]
    assert {"rows": own} == agents["delete"]
    assert {"get", "list", "aggregate", "export", "add", "edit", "bulk_edit", "delete", "bulk_delete"} == {
        *agents["ops"]
    }  # fmt: skip
    # A rule without a translation grants nothing, and neither does an empty list of fields.
    assert "anon" not in expose["tags"]
    assert ("agents" in expose["authors"]) == (policies is POLICIES)


def test_the_report_names_what_was_left_out(tmp_path: Path) -> None:
    run(tmp_path, SNAPSHOT, POLICIES)
    report = report_of(tmp_path)
    for text in (
        "`a_view`: has no primary key",
        "`site`: is a singleton",
        "`posts.place`: has the type 'geometry.Point'",
        "`posts.words`: is a list in Directus",
        "`posts.class`: is named 'class_field'",
        "`posts.line`: is for the app of Directus only",
        "`posts.data`: has the default",
        "`posts.owner`: points to a user",
        "`posts.image`: points to 'directus_files'",
        "`site.item`: may point into several collections",
        "`role anon, collection tags`: 'read' is not granted, since its rule has no translation",
        "`role Readers, collection directus_users`: is of the system",
        "`policy All`: is of single users",
    ):
        assert text in report
    assert "folder" not in report
    assert "`directus_users`:" not in report


#: Run in a process of its own: models of an app that nobody else has.
PROJECT = """
import sys, django, json
from django.conf import settings
sys.path[:0] = [{folder!r}]
from out import expose
settings.configure(
    DEBUG=False, SECRET_KEY="x", USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_flex", "out"],
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}},
    DJANGO_FLEX={{"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose.EXPOSE}},
)
django.setup()
from django.core.management import call_command
from django.contrib.auth.models import Group, User
from django_flex import FlexQuery
from out.models import Authors, Posts, PostsTags, Tags
call_command("check", fail_level="ERROR")
call_command("migrate", run_syncdb=True, verbosity=0)
users = {{name: User.objects.create(username=name) for name in ("Agents", "Readers")}}
for name, user in users.items():
    user.groups.add(Group.objects.create(name=name))
ada = Authors.objects.create(name="Ada")
for title, status, owner in (("A", "live", None), ("B", "draft", "Agents"), ("C", "draft", "Readers")):
    Posts.objects.create(title=title, status=status, owner=users.get(owner), author=ada)
tag = Tags.objects.create(label="x")
PostsTags.objects.create(posts_id=Posts.objects.get(title="A"), tags_id=tag)
def ask(role, **query):
    reply = FlexQuery("posts").execute({{"shape": "list", **query}}, user=users.get(role)).to_dict()
    return reply.get("code") or [one["title"] for one in reply["results"]]
titles = {{role: ask(role, _action="list", fields="title", order_by="title") for role in (None, *users)}}
def edit(role, title):
    key = str(Posts.objects.get(title=title).pk)
    return FlexQuery("posts").execute({{"_action": "edit", "_id": key, "title": title}}, user=users[role]).status_code
added = FlexQuery("posts").execute({{"_action": "add", "title": "N", "views": 1}}, user=users["Agents"])
owners = FlexQuery("posts").execute({{"_action": "list", "fields": "owner.email"}}, user=users["Agents"])
print(json.dumps([titles, owners.status_code, edit("Agents", "B"), edit("Agents", "A"), edit("Readers", "C"), added.status_code,
    Posts.objects.get(title="N").owner.username, Posts.objects.get(title="N").status,
    [t.label for t in Tags.objects.all()], Authors.objects.get().posts.count(),
    str(Posts._meta.get_field("class_field").column), Posts._meta.db_table]))
"""


@pytest.mark.exhaustive
def test_what_was_written_works_in_a_project(tmp_path: Path) -> None:
    run(tmp_path, SNAPSHOT, POLICIES)
    (tmp_path / "out/__init__.py").touch()
    done = subprocess.run(
        [sys.executable, "-c", PROJECT.format(folder=str(tmp_path))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    titles, *others = json.loads(done.stdout.splitlines()[-1])
    assert {"null": ["A"], "Agents": ["A", "B", "C"], "Readers": ["A", "C"]} == titles
    assert [403, 200, 404, 403, 201, "Agents", "draft", ["x"], 3, "class", "posts"] == others


ROLE_NAMES = (
    "anon",
    "Authenticated",
    "STAFF",
    "superuser",
    "Exclude",
    "queryset",
    "*",
    "Twins",
    "twins",
)


@pytest.mark.parametrize("admin", [False, True], ids=["limited", "admin"])
def test_a_role_is_never_taken_for_another(tmp_path: Path, admin: bool) -> None:
    roles = [{"id": one, "name": one, "admin_access": admin} for one in (*ROLE_NAMES, "Others")]
    read = [permission("tags", "read", role=one["id"]) for one in roles]
    run(tmp_path, SNAPSHOT, {"roles": roles, "permissions": read})
    assert {"others"} == expose_of(tmp_path)["EXPOSE"]["tags"].keys()
    for one in ROLE_NAMES:
        assert f"`role {one}`: '{one.lower()}' is the name of something else" in report_of(tmp_path)


def test_policies_for_some_addresses_grant_nothing(tmp_path: Path) -> None:
    policies = [{**one, "ip_access": "10.0.0.0/8"} for one in POLICIES["policies"]]
    run(tmp_path, SNAPSHOT, {**POLICIES, "policies": policies})
    assert {} == expose_of(tmp_path)["EXPOSE"]["posts"]
    assert "`policy All`: is for some IP addresses only" in report_of(tmp_path)
    old = [{**one, "ip_access": ["10.0.0.1"], "enforce_tfa": True} for one in OLD_POLICIES["roles"]]
    run(tmp_path, SNAPSHOT, {**OLD_POLICIES, "roles": old}, force=True)
    assert {"anon"} == expose_of(tmp_path)["EXPOSE"]["posts"].keys()
    assert "`role Agents`: needs a second factor" in report_of(tmp_path)


def test_what_names_no_role_is_not_public(tmp_path: Path) -> None:
    access = [{"policy": one["policy"]} for one in POLICIES["access"]]
    run(tmp_path, SNAPSHOT, {**POLICIES, "access": access})
    assert {} == expose_of(tmp_path)["EXPOSE"]["posts"]
    nobody = [one for _, one in PERMISSIONS]
    run(tmp_path, SNAPSHOT, {"roles": ROLES, "permissions": nobody}, force=True)
    assert {} == expose_of(tmp_path)["EXPOSE"]["posts"]


def test_fields_that_do_not_exist_are_no_others(tmp_path: Path) -> None:
    read = permission("posts", "read", role=None, fields=["title", "author:id", "class_field"])
    run(tmp_path, SNAPSHOT, {"permissions": [read]})
    assert ["title"] == expose_of(tmp_path)["EXPOSE"]["posts"]["anon"]["fields"]
    assert "'read' names fields that do not exist: ['author:id', 'class_field']" in report_of(
        tmp_path
    )


def test_nobody_reads_what_directus_conceals(tmp_path: Path) -> None:
    code = field("tags", "a-code", "hash", special=["hash", "conceal"])
    read = [
        permission("tags", "read", fields=fields) for fields in (["label", "a-code"], ["a-code"])
    ]
    rows = [{**one, "role": role["id"]} for one, role in zip(read, ROLES[1:], strict=True)]
    policies = {**OLD_POLICIES, "permissions": rows}
    run(tmp_path, {**SNAPSHOT, "fields": [*SNAPSHOT["fields"], code]}, policies)
    tags = expose_of(tmp_path)["EXPOSE"]["tags"]
    assert (["a_code"], ["label"]) == (tags["exclude"], tags["agents"]["fields"])
    assert "readers" not in tags
    assert "no role reads a_code" in report_of(tmp_path)


@pytest.mark.parametrize(
    ("there", "listed"),
    [
        pytest.param([], False, id="no-permission"),
        pytest.param([("create", {})], False, id="no-read"),
        pytest.param([("read", {"fields": []})], False, id="no-field"),
        pytest.param([("read", {"permissions": {"id": {"_some": 1}}})], False, id="no-translation"),
        pytest.param([("read", {"permissions": {"id": {"_gt": 1}}})], True, id="some-rows"),
    ],
)
@pytest.mark.parametrize("fields", [["id", "tags"], ["tags"]], ids=["beside", "alone"])
def test_lists_of_items_that_a_role_may_not_read_are_left_out(
    tmp_path: Path, there: list[Any], listed: bool, fields: list[str]
) -> None:
    permissions = [
        permission("posts", "read", role=1, fields=fields),
        *(permission("posts_tags", action, role=1, **parts) for action, parts in there),
    ]
    run(tmp_path, SNAPSHOT, {"roles": [{"id": 1, "name": "Own"}], "permissions": permissions})
    grant = expose_of(tmp_path)["EXPOSE"]["posts"].get("own", {})
    assert [one for one in fields if listed or one != "tags"] == grant["fields"]
    assert bool(grant["fields"]) is ("list" in grant["ops"])
    assert ("may not read: tags" in report_of(tmp_path)) is not listed


@pytest.mark.parametrize(
    ("authors", "posts", "excluded"),
    [
        (["id", "name"], ["id", "title"], ["posts"]),
        (["id", "name"], ["id", "author"], []),
        (["id", "posts"], ["id", "title"], []),
        (["*"], ["id", "title"], []),
        (["id", "name"], ["*"], []),
    ],
    ids=["neither", "the key", "the list", "all of one", "all of the others"],
)
def test_a_list_that_no_field_tells_of_is_excluded(
    tmp_path: Path, authors: list[str], posts: list[str], excluded: list[str]
) -> None:
    """Directus refuses it; here who may list posts could do so under each author."""
    permissions = [
        permission("authors", "read", role=1, fields=authors),
        permission("posts", "read", role=1, fields=posts),
    ]
    run(tmp_path, SNAPSHOT, {"roles": [{"id": 1, "name": "Own"}], "permissions": permissions})
    grant = expose_of(tmp_path)["EXPOSE"]["authors"]["own"]
    assert excluded == grant.get("exclude", [])
    assert ("posts is excluded" in report_of(tmp_path)) is bool(excluded)


def test_a_preset_is_no_value_of_the_caller(tmp_path: Path) -> None:
    create = permission("posts", "create", role=None, presets={"data": {"$user": "password"}})
    run(tmp_path, SNAPSHOT, {"permissions": [create]})
    assert "anon" not in expose_of(tmp_path)["EXPOSE"]["posts"]


@pytest.mark.parametrize(
    "text",
    ['"""\nimport os\n"""', '\\"""', "\\", "\0", "\ud800", "\x0c\u2028", "'+exit()+'"],
    ids=ascii,
)
def test_no_text_of_a_project_is_run(tmp_path: Path, text: str) -> None:
    name = f"a{text}"
    collection = {"collection": name, "schema": {"name": name}, "meta": {"note": text}}
    choices = {"choices": [{"text": text, "value": text}]}
    fields = [
        key(name),
        field(
            name, text, "string", note=text, default_value=text, max_length=text, options=choices
        ),
        field(name, "number", "float", default_value=float("inf")),
        field(name, "another", "float", default_value=float("nan")),
        field(name, "other", text),
    ]
    snapshot = {"collections": [collection], "fields": fields}
    read = permission(name, "read", role=1, permissions={text: text}, fields=[text])
    run(tmp_path, snapshot, {"roles": [{"id": 1, "name": text}], "permissions": [read]})
    models = ast.parse((tmp_path / "out/models.py").read_text())
    assert [ast.Expr, ast.ImportFrom, ast.ClassDef] == [type(one) for one in models.body]
    loaded = {
        one.id
        for one in ast.walk(models)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
    }
    assert {"models"} == loaded
    grants = ast.parse((tmp_path / "out/expose.py").read_text()).body
    assert [ast.Expr, ast.Assign] == [type(one) for one in grants]
    assert isinstance(ast.literal_eval(grants[1].value), dict)  # type: ignore[attr-defined]
    assert report_of(tmp_path).startswith("# Import from Directus\n")


@pytest.mark.exhaustive
def test_a_field_hides_nothing_that_its_model_needs(tmp_path: Path) -> None:
    names = ("models", "settings", "uuid", "uuid4", "Meta")
    fields = [*(field("posts", name, "uuid") for name in names), *SNAPSHOT["fields"]]
    run(tmp_path, {**SNAPSHOT, "fields": fields})
    (tmp_path / "out/__init__.py").touch()
    text = (
        "import sys, django\nfrom django.conf import settings\n"
        f"sys.path[:0] = [{str(tmp_path)!r}]\n"
        "settings.configure(INSTALLED_APPS=['django.contrib.auth', 'django.contrib.contenttypes', 'out'])\n"
        "django.setup()"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert "" == done.stderr


def test_files_that_are_there_are_kept(tmp_path: Path) -> None:
    run(tmp_path, SNAPSHOT)
    (tmp_path / "out/models.py").write_text("mine")
    with pytest.raises(CommandError, match="--force"):
        run(tmp_path, SNAPSHOT)
    assert "mine" == (tmp_path / "out/models.py").read_text()
    run(tmp_path, SNAPSHOT, force=True)
    assert "class Posts(" in (tmp_path / "out/models.py").read_text()


def test_yaml_is_read_as_json_is(tmp_path: Path) -> None:
    run(tmp_path, SNAPSHOT)
    written = (tmp_path / "out/models.py").read_text()
    path = tmp_path / "snapshot.yaml"
    path.write_text(yaml.safe_dump(SNAPSHOT))
    run(tmp_path, str(path), force=True)
    assert written == (tmp_path / "out/models.py").read_text()


WRONG: dict[str, Any] = {
    "list": [],
    "empty": {},
    "no-fields": {"collections": []},
    "no-name": {"collections": [], "fields": [{"field": "x"}]},
    "no-list": {"collections": {}, "fields": []},
    "no-relation": {"collections": [], "fields": [], "relations": [1]},
    "no-meta": {"collections": [], "fields": [{**key("x"), "meta": '{"special": ["conceal"]}'}]},
    "no-special": {"collections": [], "fields": [field("x", "y", "string", special=1)]},
    "no-related": {"collections": [], "fields": [], "relations": [{"related_collection": "x"}]},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_snapshot_is_said_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError):
        run(tmp_path, WRONG[name])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["{", "a: b: c"])
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    for name in ("x.json", "x.yaml", "x"):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(CommandError, match=r"no JSON|no YAML|an object with"):
            run(tmp_path, str(path))
    with pytest.raises(CommandError, match="absent"):
        run(tmp_path, str(tmp_path / "absent.json"))


NO_OBJECTS: tuple[Any, ...] = ('{"owner": 1}', [])
NO_KEYS: tuple[Any, ...] = (True, 1.5, [], {"name": "x"})
UNCLEAR: dict[str, Any] = {
    "list": [],
    "role": {"roles": [1]},
    "no-collection": {"permissions": [{"action": "read"}]},
    "fields": {"permissions": [permission("posts", "read", fields=7)]},
    **{
        f"{part}-{name}-{type(value).__name__}": {
            **POLICIES,
            part: [{**one, name: value} for one in POLICIES[part]],
        }
        for part, name in (
            ("roles", "id"),
            ("roles", "parent"),
            ("access", "role"),
            ("access", "policy"),
            ("access", "user"),
            ("policies", "id"),
            ("permissions", "policy"),
        )
        for value in NO_KEYS
    },
    "no-policies": {"roles": ROLES, "permissions": POLICIES["permissions"]},
    **{
        f"{name}-{type(value).__name__}": {
            "permissions": [permission("posts", "read", **{name: value})]
        }
        for name in ("permissions", "validation", "presets")
        for value in NO_OBJECTS
    },
}


@pytest.mark.parametrize("policies", UNCLEAR.values(), ids=UNCLEAR)
def test_what_are_no_policies_is_said_so(tmp_path: Path, policies: Any) -> None:
    with pytest.raises(CommandError):
        run(tmp_path, SNAPSHOT, policies)


@pytest.fixture(params=[POLICIES, OLD_POLICIES], ids=["new", "old"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server that gives an administrator the schema and the policies, as either version does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0].removeprefix("/cms/")
            found = SNAPSHOT if path == "schema/snapshot" else request.param.get(path)
            known = found is not None and self.headers["Authorization"] == "Bearer secret"
            self.send_response(200 if known else 403)
            self.end_headers()
            self.wfile.write(json.dumps({"data": found} if known else {"errors": []}).encode())

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as opened:
        Thread(target=opened.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{opened.server_port}/cms/"
        opened.shutdown()


def test_a_server_is_asked(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIRECTUS_TOKEN", "secret")
    run(tmp_path, server)
    asked = expose_of(tmp_path)
    run(tmp_path, SNAPSHOT, POLICIES, force=True)
    assert asked["EXPOSE"]["posts"] == expose_of(tmp_path)["EXPOSE"]["posts"]
    monkeypatch.setenv("DIRECTUS_TOKEN", "wrong")
    with pytest.raises(CommandError, match="token of an administrator") as refused:
        run(tmp_path, server, force=True)
    assert "wrong" not in str(refused.value)


def test_a_server_that_is_away_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="does not give"):
        run(tmp_path, "http://127.0.0.1:9")
