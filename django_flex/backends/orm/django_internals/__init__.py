"""The undocumented parts of Django that are used, by subject; no other module uses any."""
