"""Authorizes queries, writes and actions: checks them against the policy."""
