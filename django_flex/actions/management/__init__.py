"""The commands of model actions."""
