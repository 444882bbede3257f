"""The language of replies, which is the one that is active in Django.

Messages are English in the code, and translated when a reply is made: an error is raised, logged and
compared in English. Names, codes and places are the same in every language.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TypeVar

from django.utils import translation
from django.utils.translation import gettext

from django_flex.exceptions import FlexError
from django_flex.exceptions.places import OWN_WORDS, in_words

if TYPE_CHECKING:
    from django.http import HttpRequest

ErrorT = TypeVar("ErrorT", bound=FlexError)
#: Stateless, so that all requests share it.
_AS_IT_IS = nullcontext()


def in_language(text: str) -> str:
    """Return a message in the active language, as Django's own messages about a field are.

    Args:
        text: a message, or a ``worded`` text, in which names are not translated.
    """
    return in_words(text, translate=gettext)


def error_in_language(error: ErrorT) -> ErrorT:
    """Return the same error with its message and hint in the active language."""
    return error.in_words(OWN_WORDS, translate=gettext)


def language_of(request: HttpRequest, *, accept: bool) -> str | None:
    """Return the language to activate for a request, ``None`` to keep the active one.

    Args:
        request: the request. One that ``LocaleMiddleware`` has seen has its language already.
        accept: the setting ``ACCEPT_LANGUAGE``.
    """
    if not accept or hasattr(request, "LANGUAGE_CODE"):
        return None
    return translation.get_language_from_request(request)


def in_language_of(language: str | None) -> AbstractContextManager[None]:
    """Return a context in which a language is active; with ``None``, the active one stays."""
    return _AS_IT_IS if language is None else translation.override(language)
