"""Helpers for the tests of actions, where dj-actions has them."""
