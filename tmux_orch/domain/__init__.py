"""Pure facts, rules and decisions: no I/O, no clock, no imports from other rooms."""
