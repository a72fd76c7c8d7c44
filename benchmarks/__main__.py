"""``python -m benchmarks [GROUP...]``: print a table of figures beside their targets."""

from __future__ import annotations

import sys
from importlib import import_module

# Group → the module and the function that measures it.
GROUPS = {
    "commands": ("benchmarks.commands", "figures"),
    "bootstrap": ("benchmarks.bootstrap", "figures"),
    "cold": ("benchmarks.bootstrap", "cold"),
    "sending": ("benchmarks.sending", "figures"),
    "standing": ("benchmarks.standing", "figures"),
    "watching": ("benchmarks.watching", "figures"),
    "schedule": ("benchmarks.schedule", "figures"),
    "analysis": ("benchmarks.analysis", "figures"),
    "soak": ("benchmarks.soak", "figures"),
}
#: Ten minutes: only when it is named.
_LONG = frozenset({"soak"})


def main(wanted: list[str]) -> int:
    """Run the groups asked for (all but the long by default); 1 when a target was missed."""
    if unknown := [name for name in wanted if name not in GROUPS]:
        print(f"no group {', '.join(unknown)}; the groups are {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    missed = False
    for name in wanted or [name for name in GROUPS if name not in _LONG]:
        module, function = GROUPS[name]
        for figure in getattr(import_module(module), function)():
            missed |= figure.value > figure.target
            print(figure.row(), flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
