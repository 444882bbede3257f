"""Finding the actions of a project, once all of its models are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.utils.module_loading import autodiscover_modules

from django_flex.actions.declaring import MARK, define_method
from django_flex.actions.events import register
from django_flex.actions.models import ActionEvent
from django_flex.actions.registry import registry

if TYPE_CHECKING:
    from django.db import models


def autodiscover() -> None:
    """Import ``actions`` of every app, and take the methods that models mark as actions."""
    if not registry.has_own(ActionEvent, "cancel"):
        register()
    autodiscover_modules("actions")
    for model in apps.get_models():
        collect(model)


def collect(model: type[models.Model]) -> None:
    """Register the methods of a model, and of its abstract parents, that are marked as actions."""
    parents = [one for one in model.__mro__[1:] if _is_concrete(one)]
    own = [one for one in model.__mro__ if not any(issubclass(p, one) for p in parents)]
    methods = {name: found for one in reversed(own) for name, found in vars(one).items()}
    for name, method in methods.items():
        options = getattr(method, MARK, None)
        if options is not None and not registry.has_own(model, options.get("id", name)):
            define_method(model, name, method, options)


def _is_concrete(one: type) -> bool:
    """Whether a class is a model with rows, whose actions are registered for itself."""
    meta = getattr(one, "_meta", None)
    return meta is not None and not meta.abstract
