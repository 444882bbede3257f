"""Other clients' names for this one, so that programs written for them move by an import."""
