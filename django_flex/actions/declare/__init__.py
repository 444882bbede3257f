"""Declaring actions: what they are, their input, the registry that holds them."""
