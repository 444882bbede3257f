"""Facts about models: their fields and relations, and the kinds of these. No permissions."""
