"""What each agent is told: its role page, its first briefing, and what it hears after a restart."""
