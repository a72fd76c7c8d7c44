"""What may be asked before the program is ready: a sign-in, and whether the folder is trusted."""

# pathlib costs 9 ms of a start.
# ruff: noqa: PTH123

from __future__ import annotations

import os

from tmux_orch.agents.rehearsal import dialog, places
from tmux_orch.agents.rehearsal.jsontext import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tmux_orch.agents.rehearsal.options import Options

    Ask = Callable[[dialog.Dialog, Callable[[int], None]], None]


def admit(
    options: Options, ask: Ask, ready: Callable[[], None], refused: Callable[[], None]
) -> None:
    """Ask what the options want asked, then call ``ready`` or ``refused``."""

    def trust(picked: int) -> None:
        if picked != 0:
            refused()
            return
        _remember(options)
        ready()

    def signed_in(picked: int) -> None:
        if picked != 0:
            refused()
        elif not options.defaults.asks_trust or _is_trusted(options):
            ready()
        else:
            ask(dialog.trust(options.directory), trust)

    if options.defaults.asks_login:
        ask(dialog.login(), signed_in)
    else:
        signed_in(0)


def _is_trusted(options: Options) -> bool:
    try:
        with open(places.trust_file(options.home), encoding="utf-8") as file:
            return encode(options.directory) in file.read().split("\n")
    except OSError:
        return False  # nothing was trusted yet, or it cannot be read: then it is asked again


def _remember(options: Options) -> None:
    path = places.trust_file(options.home)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{encode(options.directory)}\n".encode())
    finally:
        os.close(descriptor)
