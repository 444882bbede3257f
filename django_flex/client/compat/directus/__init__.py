"""The names of py-directus, on top of this client.

A program written for that package moves by its import root: ``from py_directus import Directus``
becomes ``from django_flex.client.compat.directus import Directus``; the modules have the same names.
"""

from __future__ import annotations

from django_flex.client.compat.directus.aggregator import Agg
from django_flex.client.compat.directus.directus import Directus
from django_flex.client.compat.directus.directus_request import DirectusRequest
from django_flex.client.compat.directus.directus_response import DirectusException, DirectusResponse
from django_flex.client.compat.directus.filter import F
from django_flex.client.compat.directus.models import (
    DirectusActivity,
    DirectusComment,
    DirectusFile,
    DirectusFolder,
    DirectusModel,
    DirectusPermission,
    DirectusRelation,
    DirectusRelationMeta,
    DirectusRelationSchema,
    DirectusRevision,
    DirectusRole,
    DirectusRoles,
    DirectusSettings,
    DirectusTranslation,
    DirectusUser,
    DirectusVersion,
)
from django_flex.client.compat.directus.operators import AggregationOperators

__all__ = [
    "Agg",
    "AggregationOperators",
    "Directus",
    "DirectusActivity",
    "DirectusComment",
    "DirectusException",
    "DirectusFile",
    "DirectusFolder",
    "DirectusModel",
    "DirectusPermission",
    "DirectusRelation",
    "DirectusRelationMeta",
    "DirectusRelationSchema",
    "DirectusRequest",
    "DirectusResponse",
    "DirectusRevision",
    "DirectusRole",
    "DirectusRoles",
    "DirectusSettings",
    "DirectusTranslation",
    "DirectusUser",
    "DirectusVersion",
    "F",
]
