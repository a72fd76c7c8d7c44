"""A program in a pane that records every byte it is given, for tests of what really arrives.

    receiver.py FILE [plain]

Raw terminal; bracketed paste switched on unless ``plain``. Prints ``ready`` when it reads.
"""

import os
import sys
import tty


def main(file: str, mode: str) -> None:
    tty.setraw(0)
    record = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(1, b"ready" if mode == "plain" else b"\x1b[?2004hready")
    while data := os.read(0, 65536):
        os.write(record, data)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
