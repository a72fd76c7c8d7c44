"""From a spec and a request to the plan of a team; offline only in this version."""
