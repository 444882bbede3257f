"""``DirectusModel``, and models of the system collections.

Directus gives a relation as a key or, if fields of it were selected, as a row. What a caller may not
read is missing in a reply, therefore every field has a default. They are built when they are first
used.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class DirectusConfigDict(ConfigDict, total=False):
    """The configuration of a model, with the name of its collection."""

    collection: str


class DirectusModel(BaseModel):
    """A row: ``model_config = ConfigDict(collection="articles")`` names its collection.

    Without that it is the name of the class in snake case.
    """


class DirectusRoles(StrEnum):
    """Roles by their names; a project derives its own."""

    ADMIN = "Administrator"


class DirectusRole(DirectusModel):
    """A role."""

    model_config = DirectusConfigDict(collection="directus_roles", defer_build=True)

    id: str | None = None
    name: str | None = None
    icon: str | None = None
    description: str | None = None
    parent: str | DirectusRole | None = None
    users: list[str | DirectusUser] | None = None


class DirectusUser(DirectusModel):
    """A user."""

    model_config = DirectusConfigDict(collection="directus_users", defer_build=True)

    id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    avatar: str | DirectusFile | None = None
    description: str | None = None
    email: str | None = None
    role: str | DirectusRole | None = None
    status: str | None = None
    title: str | None = None
    location: str | None = None
    language: str | None = None
    token: str | None = None
    tags: list[str] | None = None
    last_access: datetime | None = None


class DirectusFolder(DirectusModel):
    """A folder of files."""

    model_config = DirectusConfigDict(collection="directus_folders", defer_build=True)

    id: str | None = None
    name: str | None = None
    parent: str | DirectusFolder | None = None


class DirectusFile(DirectusModel):
    """A file: what is known of it; ``download_file`` reads its bytes."""

    model_config = DirectusConfigDict(collection="directus_files", defer_build=True)

    id: str | None = None
    storage: str | None = None
    filename_disk: str | None = None
    filename_download: str | None = None
    title: str | None = None
    type: str | None = None
    folder: str | DirectusFolder | None = None
    uploaded_by: str | DirectusUser | None = None
    uploaded_on: datetime | None = None
    modified_by: str | DirectusUser | None = None
    modified_on: datetime | None = None
    filesize: int | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    description: str | None = None
    location: str | None = None
    tags: list[str] | None = None
    metadata: dict[str, Any] | None = None


class DirectusActivity(DirectusModel):
    """An entry of the log of who did what."""

    model_config = DirectusConfigDict(collection="directus_activity", defer_build=True)

    id: int | None = None
    action: str | None = None
    collection: str | None = None
    comment: str | None = None
    ip: str | None = None
    item: str | None = None
    origin: str | None = None
    timestamp: datetime | None = None
    user: str | DirectusUser | None = None
    user_agent: str | None = None
    revisions: list[int | DirectusRevision] | None = None


class DirectusRevision(DirectusModel):
    """A state that a row once had."""

    model_config = DirectusConfigDict(collection="directus_revisions", defer_build=True)

    id: int | None = None
    activity: int | DirectusActivity | None = None
    collection: str | None = None
    item: str | None = None
    data: dict[str, Any] | None = None
    delta: dict[str, Any] | None = None
    parent: int | DirectusRevision | None = None
    version: str | DirectusVersion | None = None


class DirectusComment(DirectusModel):
    """A comment on a row."""

    model_config = DirectusConfigDict(collection="directus_comments", defer_build=True)

    id: str | None = None
    collection: str | None = None
    item: str | None = None
    comment: str | None = None
    user_created: str | DirectusUser | None = None
    date_created: datetime | None = None
    user_updated: str | DirectusUser | None = None
    date_updated: datetime | None = None


class DirectusPermission(DirectusModel):
    """What a policy (since Directus 11) or a role (before) may do with a collection."""

    model_config = DirectusConfigDict(collection="directus_permissions", defer_build=True)

    id: int | None = None
    policy: str | None = None
    role: str | DirectusRole | None = None
    collection: str | None = None
    action: str | None = None
    permissions: dict[str, Any] | None = None
    validation: dict[str, Any] | None = None
    presets: dict[str, Any] | None = None
    fields: list[str] | None = None


class DirectusRelationSchema(BaseModel):
    """The foreign key of a relation."""

    table: str | None = None
    column: str | None = None
    foreign_key_table: str | None = None
    foreign_key_column: str | None = None
    constraint_name: str | None = None
    on_update: str | None = None
    on_delete: str | None = None


class DirectusRelationMeta(BaseModel):
    """What Directus knows of a relation beside its foreign key."""

    id: int | None = None
    junction_field: str | None = None
    many_collection: str | None = None
    many_field: str | None = None
    one_allowed_collections: list[str] | str | None = None
    one_collection: str | None = None
    one_collection_field: str | None = None
    one_deselect_action: str | None = None
    one_field: str | None = None
    sort_field: str | None = None


class DirectusRelation(DirectusModel):
    """A relation. ``schema_`` is ``schema`` in JSON, which is a method of every model."""

    model_config = DirectusConfigDict(
        collection="directus_relations", defer_build=True, populate_by_name=True
    )

    collection: str | None = None
    field: str | None = None
    related_collection: str | None = None
    schema_: DirectusRelationSchema | None = Field(None, alias="schema")
    meta: DirectusRelationMeta | None = None


class DirectusSettings(DirectusModel):
    """The settings, a collection with one row."""

    model_config = DirectusConfigDict(
        collection="directus_settings", defer_build=True, extra="allow"
    )

    id: int | str | None = None
    project_name: str | None = None
    project_descriptor: str | None = None
    project_url: str | None = None
    project_color: str | None = None
    project_logo: str | DirectusFile | None = None
    default_language: str | None = None
    default_appearance: str | None = None
    auth_login_attempts: int | None = None
    auth_password_policy: str | None = None
    storage_asset_transform: str | None = None
    storage_asset_presets: list[dict[str, Any]] | None = None
    storage_default_folder: str | None = None
    custom_css: str | None = None
    module_bar: list[dict[str, Any]] | None = None


class DirectusTranslation(DirectusModel):
    """A text of the project in one language."""

    model_config = DirectusConfigDict(collection="directus_translations", defer_build=True)

    id: str | None = None
    key: str | None = None
    language: str | None = None
    value: str | None = None


class DirectusVersion(DirectusModel):
    """A version of a row that is not published yet."""

    model_config = DirectusConfigDict(collection="directus_versions", defer_build=True)

    id: str | None = None
    key: str | None = None
    name: str | None = None
    collection: str | None = None
    item: str | None = None
    date_created: datetime | None = None
    user_created: str | DirectusUser | None = None
