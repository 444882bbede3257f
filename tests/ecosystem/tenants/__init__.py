"""A project of several tenants, each in a schema of PostgreSQL of its own (django-tenants)."""
