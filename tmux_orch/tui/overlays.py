"""What opens over the team: pages to read, a line to write, a dialog to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tmux_orch.cli import plain
from tmux_orch.tui.detail import options_of
from tmux_orch.tui.rows import line


def text(lines: Sequence[str]) -> Text:
    """Outside lines as they are: no markup, nothing that steers the terminal."""
    return Text("\n".join(plain.plain(one).replace("\t", "    ") for one in lines), no_wrap=False)


class Page(ModalScreen[None]):
    """Something to read."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,enter", "dismiss")]

    def __init__(self, title: str, lines: Sequence[str], *, end: bool = False) -> None:
        super().__init__()
        self._title, self._lines, self._end = line(title), lines, end

    def compose(self) -> ComposeResult:
        """The page in a box."""
        with Vertical(classes="box") as box:
            box.border_title = Text(self._title).markup
            box.border_subtitle = "Esc closes"
            with ScrollableContainer():
                page = Static(text(self._lines), markup=False, id="page")
                # A screen's lines are not wrapped: they are scrolled sideways.
                page.styles.width = "auto" if self._end else "100%"
                yield page

    def on_mount(self) -> None:
        """A screen is read from its end."""
        scroll = self.query_one(ScrollableContainer)
        scroll.focus()
        if self._end:
            self.call_after_refresh(scroll.scroll_end, animate=False, x_axis=False)


class Line(ModalScreen[str | None]):
    """One line to write; nothing when the person leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)")]

    def __init__(self, label: str, value: str = "") -> None:
        super().__init__()
        self._label, self._value = line(label), value

    def compose(self) -> ComposeResult:
        """A label and an input at the bottom; the team stays in sight."""
        with Vertical(id="line"):
            yield Static(Text(self._label), markup=False)
            yield Input(self._value, select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        self.dismiss(event.value)


class Answer(ModalScreen[str | None]):
    """A dialog's options: one is chosen, then confirmed; Esc leaves it unanswered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,n", "leave"),
        ("y", "confirm"),
        *((str(number), f"choose({number})") for number in range(1, 10)),
        Binding("pagedown", "read(1)", priority=True),
        Binding("pageup", "read(-1)", priority=True),
    ]

    def __init__(self, agent: str, dialog: Mapping[str, Any]) -> None:
        super().__init__()
        self._agent, self._dialog = line(agent), dialog
        self._options = options_of(dialog)
        self._chosen: str | None = None

    def compose(self) -> ComposeResult:
        """Question, exact command, options, and the line that asks for the confirmation."""
        with Vertical(classes="box") as box:
            box.border_title = Text(f"{self._agent} asks").markup
            box.border_subtitle = "PgDn reads on, Enter or its number chooses, Esc leaves it"
            with VerticalScroll(id="question"):
                yield Static(Text(self._question()), markup=False)
            numbered = [f"{n}. {line(one)}" for n, one in enumerate(self._options, 1)]
            yield OptionList(*(Option(Text(one)) for one in numbered), markup=False)
            yield Static("", markup=False, id="confirm")

    def on_mount(self) -> None:
        """The options have the keys."""
        self.query_one(OptionList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter: chosen, not yet answered."""
        self.action_choose(event.option_index + 1)

    def action_choose(self, number: int) -> None:
        """A number: the same."""
        if number > len(self._options):
            return
        self._chosen = self._options[number - 1]
        self.query_one("#confirm", Static).update(
            Text(f"Answer {self._agent} with “{line(self._chosen)}”?  y yes   n no", style="bold")
        )

    def action_confirm(self) -> None:
        """The person says yes to what was chosen."""
        if self._chosen is not None:
            self.dismiss(self._chosen)

    def action_read(self, pages: int) -> None:
        """A long command is read to its end before it is answered."""
        question = self.query_one("#question", VerticalScroll)
        question.scroll_relative(y=pages * max(1, question.size.height - 1), animate=False)

    def action_leave(self) -> None:
        """Back to the options, or out."""
        if self._chosen is None:
            self.dismiss(None)
        else:
            self._chosen = None
            self.query_one("#confirm", Static).update("")

    def _question(self) -> str:
        """Like ``tmux-orch dialogs``: what is destroyed, what exactly is run, what is asked."""
        said = []
        if destructive := line(self._dialog.get("destructive")):
            said += [f"careful: it {destructive}", ""]
        if exact := self._dialog.get("exact"):
            said += [f"{line(self._dialog.get('tool'))}, exactly:"]
            said += [f"    {one}" for one in plain.exact(str(exact)).split("\n")] + [""]
        question = str(self._dialog.get("question") or self._dialog.get("screen") or "")
        said += [plain.exact(one) for one in question.split("\n")]
        return "\n".join(said).replace("\t", "    ").rstrip()
