"""The smallest script that types a text to an agent: SOCKET PANE TRANSCRIPT LOCK GAP_S TEXT.

Paste, the same gap as ours, Enter, wait for the receiver's transcript; one at a time by a lock.
Nothing is looked at before, nothing is recorded. A program of its own, as ``scm`` is.
"""

import fcntl
import os
import sys
import time
from subprocess import run


def main(socket: str, pane: str, transcript: str, lock: str, gap_s: str, text: str) -> None:
    with open(lock, "w") as held:  # noqa: PTH123
        fcntl.flock(held, fcntl.LOCK_EX)
        start = os.stat(transcript).st_size  # noqa: PTH116 - pathlib would be a third of its start
        tmux = ["tmux", "-S", socket]
        paste = ["load-buffer", "-b", "script", "-", ";", "paste-buffer", "-pdr", "-b", "script"]
        run([*tmux, *paste, "-t", pane], input=text.encode(), check=True)
        time.sleep(float(gap_s))
        run([*tmux, "send-keys", "-t", pane, "Enter"], check=True)
        end = time.monotonic() + 60
        with open(transcript, "rb") as file:  # noqa: PTH123
            file.seek(start)
            seen = b""
            while text.encode() not in seen:
                seen += file.read()
                if time.monotonic() > end:
                    sys.exit("it did not arrive")
                time.sleep(0.002)


main(*sys.argv[1:])
