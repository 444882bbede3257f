"""How an authorized query is run, and how its rows become a reply. No I/O in here."""
