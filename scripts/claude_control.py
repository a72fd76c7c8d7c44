#!/usr/bin/env python3
"""Shows every team: tmux-orch status, under the name that users of earlier orchestrators know.

claude_control.py [status [detailed]]      detailed: what is left of their plans, too
"""

import subprocess
import sys

from credit_monitor import orch

SHOWN = {
    (): [["status", "--all"]],
    ("status",): [["status", "--all"]],
    ("status", "detailed"): [["status", "--all"], ["credits", "status"]],
}


def main() -> int:
    """Show what was asked for; the first exit code that is not 0."""
    words = tuple(sys.argv[1:])
    if words in (("-h",), ("--help",)):
        print(__doc__.strip())
        return 0
    if words not in SHOWN:
        print("usage: claude_control.py [status [detailed]]", file=sys.stderr)
        return 2
    command, codes = orch(), []
    for shown in SHOWN[words]:
        if codes:
            print(flush=True)
        codes.append(subprocess.call([command, *shown]))
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
