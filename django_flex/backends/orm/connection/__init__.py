"""What a statement runs in: transactions, time limits, and the database's errors as ours."""
