"""The URLs of Directus, on top of the door that all dialects share."""
