"""The commands of model actions, one module each."""
