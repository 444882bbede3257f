"""Columns that only PostgreSQL has; the app is installed where the suite runs on it."""
