"""opencode 1.18: everything we know of the program ``opencode`` (npm ``opencode-ai``)."""
