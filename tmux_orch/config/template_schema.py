"""The JSON Schema of team templates files, for editors: ``docs/team_templates.schema.json``.

Written anew with ``python -m tmux_orch.config.template_schema > docs/team_templates.schema.json``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from tmux_orch.config.template_file import TemplatesFile

_ABOUT = (
    "Roles, team types, sizes and plans of tmux_orch. A file of yours or of a project holds only "
    "what differs from the shipped one, and null takes a key away; whether everything fits "
    "together is told by `tmux-orch teams check`."
)


def schema() -> dict[str, Any]:
    """The schema of a file that may be one of several which are merged.

    So nothing but ``templates`` has to be there, and every other value may be ``null``.
    """
    whole = TemplatesFile.model_json_schema()
    _loosen(whole)
    for definition in whole.get("$defs", {}).values():
        # Indicators stand in a list, which is never merged: each of them is whole.
        if definition.get("title") != "IndicatorEntry":
            _loosen(definition)
    whole["required"] = ["templates"]
    whole["properties"]["templates"] = {"const": 1, "type": "integer"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "team_templates.yaml",
        "description": _ABOUT,
    } | {key: value for key, value in whole.items() if key not in ("title", "description")}


def text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2) + "\n"


def _loosen(entry: dict[str, Any]) -> None:
    entry.pop("required", None)
    for name, value in entry.get("properties", {}).items():
        entry["properties"][name] = _or_nothing(value)


def _or_nothing(value: dict[str, Any]) -> dict[str, Any]:
    inner = value.get("additionalProperties")
    if isinstance(inner, dict):
        value = value | {"additionalProperties": _or_nothing(inner)}
    choices = value.get("anyOf")
    if choices is None:
        return {"anyOf": [value, {"type": "null"}]}
    return value if {"type": "null"} in choices else value | {"anyOf": [*choices, {"type": "null"}]}


if __name__ == "__main__":
    sys.stdout.write(text())
