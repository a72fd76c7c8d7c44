"""A question with numbered options, standing where the composer stands otherwise. Pure."""

from __future__ import annotations

from tmux_orch.agents.rehearsal.screen import BOLD, DIM, Live, printable, wrapped

CONFIRM = "Enter to confirm · Esc to cancel"


class Dialog:
    """What is asked, and where the cursor is.

    Attributes:
        title: First line; the adapter tells the kinds of dialogs apart by it.
        waiting_for: What the session file says meanwhile; empty at start, when there is none yet.
    """

    def __init__(
        self,
        title: str,
        body: str,
        question: str,
        options: list[str],
        waiting_for: str = "",
        cursor: int = 0,
    ) -> None:
        self.title = title
        self.waiting_for = waiting_for
        self._body = body
        self._question = question
        self._options = options
        self._cursor = cursor

    def key(self, name: str) -> int | None:
        """Apply a key: the index of the option that was picked, -1 for Esc, else ``None``."""
        last = len(self._options) - 1
        if name == "up":
            self._cursor = max(0, self._cursor - 1)
        elif name == "down":
            self._cursor = min(last, self._cursor + 1)
        elif name == "enter":
            return self._cursor
        elif name in ("escape", "interrupt"):
            return -1
        return None

    def typed(self, text: str) -> int | None:
        """A digit picks its option at once; all other typing does nothing, as in the real ones."""
        number = text[:1]
        if number.isascii() and number.isdigit() and 1 <= int(number) <= len(self._options):
            return int(number) - 1
        return None

    def live(self, width: int, height: int) -> Live:
        """It as drawn; a body that is too long for the screen loses its middle lines."""
        rows: list[tuple[str, str]] = [(DIM, "─" * (width - 1)), (BOLD, f" {self.title}")]
        body = (
            [f" {row}" for row in wrapped(printable(self._body), width - 4)] if self._body else []
        )
        room = max(2, height - len(self._options) - 7)
        if len(body) > room:
            body = [*body[: room - 1], f" ↑ {len(body) - room + 1} more lines"]
        rows += [("", row) for row in body]
        rows.append(("", f" {self._question}"[: width - 1]))
        for index, option in enumerate(self._options):
            mark = "❯" if index == self._cursor else " "
            rows.append(("", f" {mark} {index + 1}. {option}"[: width - 1]))
        rows += [("", ""), (DIM, f" {CONFIRM}")]
        return Live(rows, None)


def trust(directory: str) -> Dialog:
    """Asked at start. The cursor is on the safe answer: a blind Enter ends the program."""
    return Dialog(
        "Do you trust this folder?",
        directory,
        "The agent may read, change and run what is in it.",
        ["Yes, I trust this folder", "No, exit"],
        cursor=1,
    )


def login() -> Dialog:
    """Asked at start."""
    return Dialog(
        "Sign in",
        "This rehearsal was told to ask for an account. It needs none.",
        "How do you want to sign in?",
        ["Pretend to sign in", "Exit"],
        cursor=1,
    )


def permission(command: str) -> Dialog:
    """A tool call that is to be allowed: the command stands in it exactly."""
    return Dialog(
        "Bash command",
        command,
        "Do you want to proceed?",
        ["Yes", "Yes, and don't ask again in this session", "No"],
        "permission prompt",
    )


def question(text: str, options: list[str]) -> Dialog:
    """The agent asks the person something."""
    return Dialog("Question", "", text, options, "input needed")


def limit_menu(text: str) -> Dialog:
    """What some versions of the real programs show at a usage limit."""
    options = ["Stop and wait for the limit to reset", "Upgrade your plan"]
    return Dialog("Usage limit", text, "What do you want to do?", options, "dialog open")


def help_page() -> Dialog:
    """``/help``: swallows everything until it is closed."""
    body = (
        "A message is answered; REHEARSAL{…} in it says what to do (docs/REHEARSAL.md).\n"
        "Enter sends · C-j newline · C-u clears · Esc interrupts · C-c twice or /exit leaves"
    )
    return Dialog("Help", body, "", ["Close"], "dialog open")
