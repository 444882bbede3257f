"""Facts about models: what fields and relations exist, and of which kind. No permissions here."""
