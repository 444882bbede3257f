"""Agents: the API as tools of the Model Context Protocol, for one caller who is signed in.

A tool makes the same ``Call`` as every door, so the same grants, costs and rate limits apply. Only
``server``, ``stdio`` and ``views`` need the official SDK, which the extra ``mcp`` installs.
"""

from __future__ import annotations
