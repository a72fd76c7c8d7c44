"""Outbox state machine, delivery ladder, routing rules: a message arrives once, or says why not."""
