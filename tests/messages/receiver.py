"""A recording agent program for the tests: raw mode, bracketed paste, a composer, a transcript.

Everything that arrives is logged byte by byte; what was submitted is logged whole. A datagram
socket makes it do what a real program cannot be made to do at a wanted moment.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import socket
import sys
import termios
import time
import tty
from pathlib import Path

START, END = b"\x1b[200~", b"\x1b[201~"


class Receiver:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.place = Path(options.place)
        self.text = ""
        self.pending = b""
        self.pasting = False
        self.paste_ended = 0.0
        self.swallow = options.swallow
        self.dialog = ""
        self.dialog_after_paste = ""
        self.deaf = False
        self.quiet = False
        self.busy_until = 0.0
        self.status = ""
        self.queue: list[str] = []
        self.bytes = (self.place / "bytes").open("ab", buffering=0)
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        (self.place / "control").unlink(missing_ok=True)
        self.control.bind(str(self.place / "control"))

    # -- what it tells the outside -------------------------------------------------------------

    def line(self, name: str, value: dict[str, object]) -> None:
        data = (json.dumps({"at": time.time(), **value}) + "\n").encode()
        with (self.place / name).open("ab", buffering=0) as file:
            file.write(data)

    def publish(self) -> None:
        status = "waiting" if self.dialog else "busy" if self.busy_until else "idle"
        if status != self.status:
            self.status = status
            body = json.dumps({"status": status, "at": time.time(), "pid": os.getpid()})
            draft = self.place / "state.new"
            draft.write_text(body)
            draft.rename(self.place / "state")

    def draw(self) -> None:
        shown = self.text
        if self.options.placeholder and len(shown) > self.options.placeholder:
            shown = f"[Pasted text #1 +{shown.count(chr(10))} lines]"
        rows = [f"> {row}" if not n else f"  {row}" for n, row in enumerate(shown.split("\n"))]
        out = ["\x1b[2J\x1b[H", "\r\n".join(["=== composer", *rows, "=== end"])]
        if self.dialog:
            out.append(f"\r\nDIALOG {self.dialog}\r\n1. Yes\r\n2. No")
        back = "" if self.dialog else f"\x1b[{1 + len(rows)};{3 + len(rows[-1]) - 2}H"
        os.write(1, ("".join(out) + back).encode())

    # -- what it does --------------------------------------------------------------------------

    def take(self, text: str) -> None:
        self.line("prompts", {"text": text})
        if self.options.late_transcript:
            self.draw()
            self.busy_until = time.monotonic()
            self.publish()
            time.sleep(self.options.late_transcript)  # paced: a program that writes late
        self.line("submitted", {"text": text})
        if not self.quiet:
            self.line("transcript", {"type": "user", "text": text})
        if self.options.work:
            self.busy_until = time.monotonic() + self.options.work
        else:
            self.line("transcript", {"type": "assistant", "text": "done"})

    def enter(self) -> None:
        if self.dialog:
            self.line("granted", {"dialog": self.dialog})
            self.dialog = ""
            return
        now = time.monotonic()
        if now - self.paste_ended < self.options.window:
            self.line("swallowed", {"why": "window"})
            return
        if self.swallow > 0:
            self.swallow -= 1
            self.line("swallowed", {"why": "told to"})
            return
        if not self.text:
            return
        text, self.text = self.text, ""
        if self.options.swallow_each:
            self.swallow = self.options.swallow
        if self.busy_until:
            self.line("transcript", {"type": "queue", "text": text})
            self.queue.append(text)
        else:
            self.take(text)

    def feed(self, data: bytes) -> None:
        self.bytes.write(data)
        self.pending += data
        while self.pending:
            if self.pasting:
                end = self.pending.find(END)
                if end < 0:
                    return
                if not self.dialog and not self.deaf:
                    self.text += self.pending[:end].decode("utf-8", "replace")
                self.pending = self.pending[end + len(END) :]
                self.pasting = False
                self.paste_ended = time.monotonic()
                if self.dialog_after_paste:
                    self.dialog, self.dialog_after_paste = self.dialog_after_paste, ""
                continue
            if self.pending.startswith(START):
                self.pending = self.pending[len(START) :]
                self.pasting = True
                continue
            if START.startswith(self.pending[: len(START)]) and len(self.pending) < len(START):
                return
            key, self.pending = self.pending[:1], self.pending[1:]
            if key == b"\r":
                self.enter()
            elif key == b"\x15":
                self.text = ""
            elif key == b"\x7f":
                self.text = self.text[:-1]
            elif key >= b" " and not self.dialog:
                self.text += key.decode("latin-1")
            elif key == b"\n":
                self.text += "\n"

    def told(self, words: list[str]) -> None:
        what, argument = words[0], " ".join(words[1:])
        if what == "dialog":
            self.dialog = argument
        elif what == "dialog-after-paste":
            self.dialog_after_paste = argument
        elif what == "close":
            self.dialog = ""
        elif what == "busy":
            self.busy_until = time.monotonic() + float(argument)
        elif what == "calm":
            self.busy_until = 0.0  # the turn is over and nothing was answered
        elif what == "deaf":
            self.deaf = argument == "on"
        elif what == "freeze":
            self.line("frozen", {})
            time.sleep(float(argument))  # paced: a program that reads nothing for so long
        elif what == "quiet":
            self.quiet = argument == "on"
        elif what == "answer":
            self.line("transcript", {"type": "assistant", "text": argument})
        elif what == "handed":
            self.line("transcript", {"type": "user", "text": argument})
        elif what == "exit":
            raise SystemExit(int(argument or 0))

    def tick(self) -> None:
        if self.busy_until and time.monotonic() >= self.busy_until:
            self.busy_until = 0.0
            self.line("transcript", {"type": "assistant", "text": "done"})
            if self.queue:
                queued, self.queue = self.queue, []
                self.take("\n".join(queued))

    def run(self) -> None:
        old = termios.tcgetattr(0)
        tty.setraw(0)
        os.write(1, b"\x1b[?2004h")
        try:
            (self.place / "transcript").touch()
            while True:
                self.tick()
                self.draw()
                self.publish()
                (self.place / "ready").touch()
                wait = None
                if self.busy_until:
                    wait = max(0.0, self.busy_until - time.monotonic())
                ready = select.select([0, self.control], [], [], wait)[0]
                if self.control in ready:
                    self.told(self.control.recv(65536).decode().split())
                if 0 in ready:
                    data = os.read(0, 1 << 16)
                    if not data:
                        return
                    self.feed(data)
                    if self.options.draw_late and END in data:
                        time.sleep(self.options.draw_late)  # paced: it has read, and draws late
        finally:
            termios.tcsetattr(0, termios.TCSADRAIN, old)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("place")
    parser.add_argument("--window", type=float, default=0.0)
    parser.add_argument("--swallow", type=int, default=0)
    parser.add_argument("--swallow-each", action="store_true")
    parser.add_argument("--placeholder", type=int, default=0)
    parser.add_argument("--late-transcript", type=float, default=0.0)
    parser.add_argument("--draw-late", type=float, default=0.0)
    parser.add_argument("--work", type=float, default=0.0)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    Receiver(parser.parse_args(sys.argv[1:])).run()


if __name__ == "__main__":
    main()
