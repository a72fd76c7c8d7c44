"""Dialogs: a menu on the screen, its question and options, by the rules of ``screen.toml``."""

from __future__ import annotations

import re

from tmux_orch.agents.adapter import Dialog
from tmux_orch.agents.screens import menu, own, read, regions

_RULE = re.compile(r"^\s*[─▔╌]{8,}")


def dialog(screen: str) -> Dialog | None:
    """The dialog in a capture with escapes, or ``None`` when no menu waits for an answer."""
    rules = own.rules("claude")
    cut = regions.regions(rules.layout, screen, "")
    if cut.menu is None:
        return None
    reading = read.read_regions(rules, cut)
    if reading.state is None:
        return None
    places = sorted(cut.menu.options)
    top = menu.top(cut.shown, cut.menu, rules.layout)
    kept = [line.strip() for line in cut.shown[top : places[0]] if not _RULE.match(line)]
    return Dialog(
        reading.state,
        "\n".join(line for line in kept if line),
        tuple(cut.menu.options[at] for at in places),
        reading.rule,
        places.index(cut.menu.cursor),
    )
