#!/usr/bin/env python3
"""Runs tmux-orch credits check every few minutes in the foreground, or once.

For who has no service (./scripts/install_monitor.sh), under the name and with the options that
users of earlier orchestrators know.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path


def main() -> int:
    """Look, and go on looking unless told otherwise; the command's own exit code."""
    parser = argparse.ArgumentParser(description="Looks at plans and holds.", allow_abbrev=False)
    parser.add_argument("--once", action="store_true", help="look once and end")
    parser.add_argument(
        "--interval", type=int, default=5, choices=range(1, 1441), metavar="MINUTES",
        help="how often to look (default: 5)",
    )  # fmt: skip
    given = parser.parse_args()
    argv = [orch(), "credits", "check"]
    if given.once:
        return subprocess.call(argv)
    while (code := subprocess.call(argv)) != 2:  # bad input will not be better next time
        time.sleep(given.interval * 60)
    return code


def orch() -> str:
    """The installed command: on the PATH, beside this script, or where scripts/install puts it."""
    beside, usual = Path(__file__).resolve().parent, Path.home() / ".local/bin"
    for found in (shutil.which("tmux-orch"), beside / "tmux-orch", usual / "tmux-orch"):
        if found and os.access(found, os.X_OK):
            return str(found)
    print("tmux-orch is not installed; run ./scripts/install", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
