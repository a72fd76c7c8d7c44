"""From the command line to the running program and back to the terminal as it was."""

from __future__ import annotations

import os
import sys
import termios
import time

from tmux_orch.agents.rehearsal.options import Options, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_STDIN = 0


def main(argv: list[str]) -> NoReturn:
    """Run the program and end the process with its status."""
    try:
        options = Options(argv, os.environ)
        saved = _terminal()
    except Refusal as refusal:
        stream = sys.stderr if refusal.status else sys.stdout
        stream.write(refusal.line.rstrip("\n") + "\n")
        sys.exit(refusal.status)
    if options.defaults.start_exit >= 0:
        sys.stderr.write("rehearsal: told to fail at its start (REHEARSAL_START_EXIT)\n")
        sys.exit(options.defaults.start_exit)
    if options.defaults.start_s:
        time.sleep(options.defaults.start_s)
    try:
        status = _run(options, saved)
    except OSError as error:
        sys.stderr.write(f"rehearsal: {error}\n")
        status = 2
    sys.stdout.flush()
    # Nothing of ours is buffered any more, and an interpreter's tidying up costs 3 ms.
    os._exit(status)


def _terminal() -> list[object]:
    """The terminal's settings as found.

    Raises:
        Refusal: there is none, or none with a cursor.
    """
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        raise Refusal(
            f"rehearsal needs a terminal with a cursor, not TERM={os.environ.get('TERM', '')}"
        )
    try:
        if not os.isatty(1):
            raise Refusal("rehearsal needs a terminal on its output")
        return termios.tcgetattr(_STDIN)
    except termios.error:
        raise Refusal("rehearsal needs a terminal on its input") from None


def _raw(saved: list[object]) -> list[object]:
    """Bytes as they come: no echo, no lines, no signals, CR stays CR; output as it is written."""
    mode = list(saved)
    iflag, oflag, cflag, lflag = (int(value) for value in mode[:4])  # type: ignore[call-overload]
    mode[0] = iflag & ~(
        termios.BRKINT
        | termios.ICRNL
        | termios.INLCR
        | termios.IGNCR
        | termios.ISTRIP
        | termios.IXON
    )
    mode[1] = oflag & ~termios.OPOST
    mode[2] = cflag & ~(termios.CSIZE | termios.PARENB) | termios.CS8
    mode[3] = lflag & ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
    return mode


def _run(options: Options, saved: list[object]) -> int:
    from tmux_orch.agents.rehearsal.agent import Agent
    from tmux_orch.agents.rehearsal.loop import Loop
    from tmux_orch.agents.rehearsal.screen import Screen

    # Flush: what was typed before is lost, as with the real programs.
    termios.tcsetattr(_STDIN, termios.TCSAFLUSH, _raw(saved))  # type: ignore[arg-type]
    screen = Screen(1, colours="NO_COLOR" not in os.environ)
    loop = Loop()
    try:
        agent = Agent(options, loop, screen, _STDIN)
        agent.begin()
        loop.run()
        screen.leave()
        if agent.status != 0:
            screen.add(f"Resume this session with: rehearsal --resume {options.conversation}")
            screen.flush_lines()
    finally:
        try:
            termios.tcsetattr(_STDIN, termios.TCSADRAIN, saved)  # type: ignore[arg-type]
        except termios.error:
            pass  # the terminal is gone: nothing is left to give back
    return agent.status
