"""What an agent's screen says, by rule files: one engine for every program."""
