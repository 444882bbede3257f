"""Models whose columns and relations have the names of Django's lookups."""
