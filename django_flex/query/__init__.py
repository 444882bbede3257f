"""The language as data: what a client may write, parsed into frozen trees. Pure Python."""
