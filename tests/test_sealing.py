"""Sealed texts: nobody reads them, nobody changes them, and they belong to one context."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.sealing import BrokenSealError, seal, unseal

CONTENTS = [b"", b"x", b"\0\0", b"\x80", b"\x80\0", bytes(63), bytes(64), bytes(range(256)) * 9]


@pytest.mark.parametrize("content", CONTENTS, ids=range(len(CONTENTS)))
def test_content_comes_out_as_it_went_in(content: bytes) -> None:
    assert content == unseal(seal(content, b"here"), b"here")


def test_text_is_safe_in_a_url() -> None:
    text = seal(bytes(range(256)), b"here")

    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_equal_contents_are_equal_texts_in_one_context_only() -> None:
    assert seal(b"a", b"here") == seal(b"a", b"here")
    assert seal(b"a", b"here") != seal(b"a", b"there")
    assert seal(b"a", b"here") != seal(b"b", b"here")


def test_sealed_length_reveals_only_the_number_of_blocks() -> None:
    lengths = {len(seal(b"x" * length, b"here", block=256)) for length in range(256)}

    assert 1 == len(lengths)


def test_every_other_text_is_refused() -> None:
    text = seal(b"content", b"here")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [
        text[:place] + letter + text[place + 1 :]
        for place in range(len(text))
        for letter in (letters[0], letters[1], letters[-1])
        if letter != text[place]
    ]
    cut = [text[:end] for end in range(len(text))]

    for other in (*others, *cut, text + "A", text + "=", f" {text}", "é", text.lower()):
        with pytest.raises(BrokenSealError):
            unseal(other, b"here")


def test_other_context_is_refused() -> None:
    with pytest.raises(BrokenSealError):
        unseal(seal(b"content", b"here"), b"there")


def test_context_and_content_do_not_run_into_each_other() -> None:
    assert seal(b"bc", b"a") != seal(b"c", b"ab")


def test_a_fallback_key_opens_texts_sealed_before_the_rotation(settings: Any) -> None:
    settings.SECRET_KEY = "old"
    text = seal(b"content", b"here")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["old"]

    assert b"content" == unseal(text, b"here")
    assert text != seal(b"content", b"here")
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BrokenSealError):
        unseal(text, b"here")
