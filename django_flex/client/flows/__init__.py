"""The core: everything that takes time, as generators that do no I/O themselves."""
