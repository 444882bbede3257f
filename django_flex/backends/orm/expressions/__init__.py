"""Resolved values, conditions and orderings as Django's expressions and querysets."""
