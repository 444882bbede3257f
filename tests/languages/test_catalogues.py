"""Each message of the package is there in each language, with the same placeholders."""

from __future__ import annotations

import ast
import gettext
import re

import pytest

from tests.languages.messages import PACKAGE, messages, untemplated

PLACEHOLDER = re.compile(r"(?<!\{)\{\d?\}(?!\})")
PAIR = re.compile(r'^msgid (".*")\nmsgstr (".*")$', re.MULTILINE)


def source(language: str) -> dict[str, str]:
    """Return the messages of a catalogue as translators edit it."""
    text = (PACKAGE / "locale" / language / "LC_MESSAGES/django.po").read_text()
    pairs = ((ast.literal_eval(one), ast.literal_eval(other)) for one, other in PAIR.findall(text))
    return {english: translated for english, translated in pairs if english}


def compiled(language: str) -> dict[str, str]:
    """Return the messages of a catalogue as Django reads it."""
    with (PACKAGE / "locale" / language / "LC_MESSAGES/django.mo").open("rb") as file:
        catalogue = vars(gettext.GNUTranslations(file))["_catalog"]
    return {english: translated for english, translated in catalogue.items() if english}


def test_messages_are_found() -> None:
    sampled = {"Object not found", "at most {}", "a whole number", "did you mean '{}'?"}

    assert sampled <= messages()
    assert len(messages()) > 400


@pytest.mark.exhaustive
def test_names_are_put_into_messages_by_templates() -> None:
    assert [] == untemplated()


@pytest.mark.parametrize("language", ["de", "fr"])
def test_every_message_is_translated(language: str) -> None:
    missing = messages() ^ set(source(language))

    assert set() == missing, (
        "add or remove them in django.po, and run msgfmt -o django.mo django.po"
    )


@pytest.mark.parametrize("language", ["de", "fr"])
def test_compiled_catalogues_are_those_of_the_source(language: str) -> None:
    assert source(language) == compiled(language)


@pytest.mark.parametrize("language", ["de", "fr"])
def test_translations_have_the_same_placeholders(language: str) -> None:
    changed = {
        english: translated
        for english, translated in source(language).items()
        if len(PLACEHOLDER.findall(english)) != len(PLACEHOLDER.findall(translated))
    }

    assert {} == changed
