"""Grouping and totals."""
