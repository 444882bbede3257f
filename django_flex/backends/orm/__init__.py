"""Plans executed by Django's ORM."""
