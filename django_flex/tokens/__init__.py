"""Tokens: who has signed in may prove it by a header, ``Authorization: Bearer``, without a cookie.

An app of its own, ``"django_flex.tokens"`` in ``INSTALLED_APPS``, with two kinds of credentials:

- A *login* gives a signed access token, which is valid for minutes, and a refresh token, which is
  exchanged for the next pair, once.
- A *static token* is for a machine. It is valid until it expires or is revoked, and only its hash
  is stored.

``logins``, ``static`` and ``bearers`` are plain functions for every dialect; none knows HTTP.
"""
