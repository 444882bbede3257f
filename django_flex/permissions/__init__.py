"""Who may see and do what: ``EXPOSE`` compiled into a policy, roles, and ``authorize``."""
