"""Time: the clockwork (APScheduler), check-ins, reminders, and holds of accounts until they end."""
