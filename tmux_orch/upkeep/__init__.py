"""What keeps a team going while nobody looks: restarts, the machine's restart, spending, time."""
