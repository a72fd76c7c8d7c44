"""Whole processes of the command line beside bare interpreters."""

from __future__ import annotations

import sys

from benchmarks.measure import Figure, ms, process, ratio, together
from benchmarks.place import BIN, ground, team

# Single processes of 10 to 100 ms on a busy machine: the median needs many rounds.
ROUNDS = 40
AGENTS = 20
TO_PASS, TO_CLICK, STATUS_TO_CLICK = 1.5, 1.3, 3.0


def figures() -> list[Figure]:
    """The rows of help, status and ``scm --no-wait``."""
    python = sys.executable
    with ground() as root, team(root, AGENTS) as (place, project):
        environment = place.environment
        status = ("auto-orchestrate", "--resume", "--status-only", "--project", str(project))
        number = iter(range(10**6))

        def scm() -> float:
            # A target of its own per round: no agent's lane works while the next one is measured.
            target = f"developer-{2 + next(number) % (AGENTS - 3)}"
            took = process([str(BIN / "scm"), "--no-wait", target, "msg"], environment)
            place.until_quiet()
            return took

        nothing, click, sent, help_of, main_help, shown = together(
            [
                lambda: process([python, "-c", "pass"], environment),
                lambda: process([python, "-c", "import click"], environment),
                scm,
                lambda: process([str(BIN / "tmux-orch"), "--help"], environment),
                lambda: process([str(BIN / "auto-orchestrate"), "--help"], environment),
                lambda: process([str(BIN / status[0]), *status[1:]], environment),
            ],
            ROUNDS,
        )
    return [
        Figure("scm --no-wait / python -c pass", ratio(sent, nothing), TO_PASS,
               detail=ms(sent, nothing)),
        Figure("tmux-orch --help / import click", ratio(help_of, click), TO_CLICK,
               detail=ms(help_of, click)),
        Figure("auto-orchestrate --help / import click", ratio(main_help, click), TO_CLICK,
               detail=ms(main_help, click)),
        Figure("--resume --status-only, 20 agents / import click", ratio(shown, click),
               STATUS_TO_CLICK, detail=ms(shown, click)),
    ]  # fmt: skip
