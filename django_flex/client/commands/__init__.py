"""The commands of ``python -m django_flex.client``; the only code that imports typer and rich."""
