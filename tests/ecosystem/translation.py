"""What django-modeltranslation translates."""

from __future__ import annotations

from modeltranslation.translator import TranslationOptions, register

from tests.ecosystem.models import News


@register(News)
class NewsTranslation(TranslationOptions):  # type: ignore[misc]
    fields = ("title",)
