"""Plans: how an authorized query is executed, and how its rows become a reply. No I/O."""
