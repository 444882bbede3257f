"""Discover the actions of a project after its models are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.utils.module_loading import autodiscover_modules

from django_flex.actions.declare.decorators import MARK, define_method
from django_flex.actions.declare.registry import registry

if TYPE_CHECKING:
    from django.db import models


def autodiscover() -> None:
    """Import ``actions`` of every app and register the marked methods of all models."""
    autodiscover_modules("actions")
    for model in apps.get_models():
        collect(model)


def collect(model: type[models.Model]) -> None:
    """Register the marked methods of a model and of its abstract parents."""
    parents = [one for one in model.__mro__[1:] if _is_concrete(one)]
    own = [one for one in model.__mro__ if not any(issubclass(p, one) for p in parents)]
    methods = {name: found for one in reversed(own) for name, found in vars(one).items()}
    for name, method in methods.items():
        options = getattr(method, MARK, None)
        if options is not None and not registry.has_own(model, options.get("id", name)):
            define_method(model, name, method, options)


def _is_concrete(one: type) -> bool:
    """Return whether a class is a concrete model, whose actions are registered separately."""
    meta = getattr(one, "_meta", None)
    return meta is not None and not meta.abstract
