"""Directories of the registry, settings with their origin, roles and team templates."""
