"""Who turns a spec into a plan: the Anthropic API, the person's own ``claude -p``, or we alone."""
