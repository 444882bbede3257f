"""A tenant is a schema."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):  # type: ignore[misc]  # the package has no types
    """A tenant."""

    auto_create_schema: ClassVar[bool] = True
    name = models.CharField(max_length=50)


class Domain(DomainMixin):  # type: ignore[misc]  # as above
    """The host by which a tenant is found."""
