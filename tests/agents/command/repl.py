#!/usr/bin/python3
"""A small agent program like many: a prompt in the lowest line, bracketed paste, turns, a question.

Options: --slow S (shows nothing so long), --ask (asks a question at its start), --exit N (ends at
once), --log FILE (one JSON line for each thing it does), --session ID, --resumed, words: the
prompt. A prompt with "danger" asks for a permission; one with "quick" is answered at once.
"""

import json
import os
import re
import sys
import termios
import time
import tty

PASTE = re.compile(rb"\x1b\[200~(.*?)\x1b\[201~", re.DOTALL)


def say(text):
    os.write(1, text.replace("\n", "\r\n").encode())


class Repl:
    def __init__(self, words):
        self.words, self.log, self.turn_s = list(words), None, 1.2
        self.slow = 0.0
        self.flags = set()
        self.line = b""

    def options(self):
        words = []
        while self.words:
            word = self.words.pop(0)
            if word in ("--slow", "--exit", "--log", "--session", "--prompt-file", "--model"):
                value = self.words.pop(0)
                if word == "--log":
                    self.log = value
                elif word == "--slow":
                    self.slow = float(value)
                elif word == "--exit":
                    say("it cannot go on\n")
                    sys.exit(int(value))
                elif word == "--prompt-file":
                    with open(value, encoding="utf-8") as file:
                        words.append(file.read().strip())
                self.note(word.strip("-"), value)
            elif word.startswith("--"):
                self.flags.add(word)
                self.note("flag", word)
            else:
                words.append(word)
        return words

    def note(self, what, text):
        if self.log:
            with open(self.log, "a", encoding="utf-8") as file:
                file.write(json.dumps({"what": what, "text": text}) + "\n")

    def read(self):
        return os.read(0, 65536)

    def question(self, text):
        say(text)
        while True:
            for sign in self.read():
                if sign in b"yn":
                    say(chr(sign) + "\n")
                    return sign == ord("y")

    def turn(self, text):
        self.note("turn", text)
        if "danger" in text:
            allowed = self.question("Run this command? (y/n) ")
            self.note("answer", "yes" if allowed else "no")
        if "quick" not in text:
            say("Thinking...")
            time.sleep(self.turn_s)  # paced: the turn it pretends to have
        say("\nI have read it.\n")
        self.note("done", text)

    def run(self):
        words = self.options()
        self.note("environment", os.environ.get("REPL_KEY", ""))
        tty.setraw(0)
        time.sleep(self.slow)  # paced: a program that starts slowly
        say("\x1b[?2004hsmall agent 1.0\n")
        if "--ask" in self.flags and not self.question("Trust this folder? (y/n) "):
            sys.exit(1)
        if words:
            say(f"> {' '.join(words)}\n")
            self.turn(" ".join(words))
        say("> ")
        while True:
            self.take(self.read())

    def take(self, piece):
        while b"\x1b[200~" in piece and b"\x1b[201~" not in piece:
            piece += self.read()
        for paste in PASTE.findall(piece):
            self.line += paste
            say(paste.decode("utf-8", "replace").replace("\r", "\n"))
        for sign in PASTE.sub(b"", piece):
            if sign == 4 and not self.line:
                say("\nbye\n")
                sys.exit(0)
            elif sign == 13:
                text, self.line = self.line.decode("utf-8", "replace"), b""
                say("\n")
                if text.strip():
                    self.turn(text)
                say("> ")
            elif sign == 21:
                self.line = b""
                say("\r\x1b[K> ")
            else:
                self.line += bytes([sign])
                say(chr(sign))


if __name__ == "__main__":
    kept = termios.tcgetattr(0)
    try:
        Repl(sys.argv[1:]).run()
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, kept)
