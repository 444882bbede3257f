"""Who is asking, in which role, which rows are theirs, and what they may reach."""
