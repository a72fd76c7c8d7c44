"""Between the commands and the daemon: the wire, both of its ends, and starting on demand."""
