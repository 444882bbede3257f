"""What ``EXPOSE`` says, compiled: who may do what, as values."""
