"""The wire form of Directus: other systems' clients read and write what ``EXPOSE`` grants."""

from __future__ import annotations

from django_flex.dialects.directus.dialect import DIRECTUS, Directus

__all__ = ["DIRECTUS", "Directus"]
