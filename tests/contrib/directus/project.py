"""A small project of Directus: its schema, and its policies in the forms of both versions."""

from __future__ import annotations

from typing import Any

AGENT, READER, ADMIN = "role-agent", "role-reader", "role-admin"


def field(collection: str, name: str, type_: str, **parts: Any) -> dict[str, Any]:
    """Return a field as snapshots have it; parts are of ``schema``, but for those of ``meta``."""
    meta = {
        key: parts.pop(key) for key in ("special", "note", "required", "options") if key in parts
    }
    schema = None if type_ == "alias" else {"is_nullable": True, "default_value": None, **parts}
    return {"collection": collection, "field": name, "type": type_, "meta": meta, "schema": schema}


def key(collection: str, type_: str = "integer") -> dict[str, Any]:
    """Return a primary key."""
    numbered = type_ != "uuid"
    return field(
        collection, "id", type_, is_primary_key=True, is_nullable=False, has_auto_increment=numbered
    )


def relation(collection: str, name: str, related: str | None, one: str | None, **parts: Any) -> Any:
    """Return a foreign key."""
    return {
        "collection": collection,
        "field": name,
        "related_collection": related,
        "meta": {"one_field": one, **parts.pop("meta", {})},
        "schema": {"on_delete": parts.pop("on_delete", "SET NULL")},
    }


NAMES = ("authors", "posts", "posts_tags", "tags", "site")
SNAPSHOT: dict[str, Any] = {
    "version": 1,
    "directus": "11.17.4",
    "vendor": "sqlite",
    "collections": [
        *({"collection": one, "schema": {"name": one}, "meta": {}} for one in NAMES[:-1]),
        {"collection": "site", "schema": {"name": "site"}, "meta": {"singleton": True, "note": 'A "site"'}},
        {"collection": "folder", "schema": None, "meta": {}},
        {"collection": "a_view", "schema": {"name": "a_view"}, "meta": {}},
        {"collection": "directus_users", "schema": {"name": "directus_users"}, "meta": {}},
    ],
    "fields": [
        key("authors"),
        field("authors", "name", "string", is_nullable=False, max_length=60, required=True),
        field("authors", "posts", "alias", special=["o2m"]),
        key("posts", "uuid"),
        field("posts", "title", "string", is_nullable=False, note="What's \"it\" called?"),
        field(
            *("posts", "status", "string"),
            default_value="draft",
            options={"choices": [{"text": "Draft", "value": "draft"}, {"text": "Live", "value": "live"}]},
        ),
        field("posts", "views", "integer", default_value=0, is_nullable=False),
        field("posts", "price", "decimal", numeric_precision=8, numeric_scale=2, default_value="1.50"),
        field("posts", "open", "boolean", default_value="1", is_nullable=False),
        field("posts", "made", "timestamp", special=["date-created"], default_value="CURRENT_TIMESTAMP"),
        field("posts", "data", "json", default_value='{"a": 1}'),
        field("posts", "class", "string", is_unique=True),
        field("posts", "place", "geometry.Point"),
        field("posts", "words", "csv"),
        field("posts", "author", "integer"),
        field("posts", "owner", "uuid", special=["user-created"]),
        field("posts", "image", "uuid"),
        field("posts", "tags", "alias", special=["m2m"]),
        field("posts", "line", "alias", special=["presentation"]),
        key("posts_tags"),
        field("posts_tags", "posts_id", "uuid"),
        field("posts_tags", "tags_id", "integer"),
        key("tags"),
        field("tags", "label", "string"),
        key("site"),
        field("site", "item", "string"),
        field("a_view", "total", "integer"),
    ],
    "relations": [
        relation("posts", "author", "authors", "posts"),
        relation("posts", "owner", "directus_users", None),
        relation("posts", "image", "directus_files", None),
        relation("posts_tags", "posts_id", "posts", "tags", on_delete="CASCADE"),
        relation("posts_tags", "tags_id", "tags", None),
        relation("site", "item", None, None, meta={"one_allowed_collections": ["posts", "tags"]}),
    ],
}  # fmt: skip


def permission(collection: str, action: str, **parts: Any) -> dict[str, Any]:
    """Return a permission without its policy or role."""
    empty: dict[str, Any] = {"permissions": {}, "validation": {}, "presets": None, "fields": ["*"]}
    return {"collection": collection, "action": action, **empty, **parts}


OWN = {"owner": {"_eq": "$CURRENT_USER"}}
PERMISSIONS: list[tuple[str | None, dict[str, Any]]] = [
    (None, permission("posts", "read", permissions={"status": {"_eq": "live"}}, fields=["id", "title"])),
    (None, permission("tags", "read", permissions={"label": {"_regex": "^a"}})),
    (READER, permission("posts", "read", permissions={"_or": [{"status": {"_eq": "live"}}, OWN]})),
    (READER, permission("authors", "read")),
    (READER, permission("directus_users", "read")),
    (AGENT, permission("posts", "read")),
    (AGENT, permission("posts", "create", fields=["title", "views"], presets={"owner": "$CURRENT_USER"})),
    (AGENT, permission("posts", "update", permissions=OWN, fields=["title"], validation={"title": {"_nempty": True}})),
    (AGENT, permission("posts", "delete", permissions=OWN)),
    (AGENT, permission("posts", "share")),
    (AGENT, permission("authors", "read", fields=[])),
]  # fmt: skip
ROLES: list[dict[str, Any]] = [
    {"id": ADMIN, "name": "Administrator"},
    {"id": AGENT, "name": "Agents", "parent": READER},
    {"id": READER, "name": "Readers"},
]
OLD_POLICIES: dict[str, Any] = {
    "roles": [{**one, "admin_access": one["id"] == ADMIN} for one in ROLES],
    "permissions": [{**one, "role": role} for role, one in PERMISSIONS],
}
POLICIES: dict[str, Any] = {
    "roles": ROLES,
    "policies": [
        {"id": "p-admin", "name": "All", "admin_access": True},
        *({"id": f"p-{role}", "name": f"Of {role}"} for role in (None, READER, AGENT)),
    ],
    "permissions": [{**one, "policy": f"p-{role}"} for role, one in PERMISSIONS],
    "access": [
        {"role": ADMIN, "user": None, "policy": "p-admin"},
        {"role": None, "user": "somebody", "policy": "p-admin"},
        *({"role": role, "user": None, "policy": f"p-{role}"} for role in (None, READER, AGENT)),
    ],
}
