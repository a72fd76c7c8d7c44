"""``tmux-orch top``: the team on a whole screen, in Textual."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tmux_orch.domain.dialog import is_field
from tmux_orch.domain.errors import EXIT_INTERRUPTED, OrchError
from tmux_orch.tui import detail, keys, rows
from tmux_orch.tui.acts import Acts, explained
from tmux_orch.tui.overlays import Answer, Line, Page
from tmux_orch.tui.table import STYLES, TeamTable

_EVENTS = 60
# Lines of the pane below the team that it keeps however large the team is.
_DETAIL = 9


class Top(App[None]):
    """The view; the daemon's news come from a thread of their own.

    Args:
        acts: What is asked of the daemon.
    """

    TITLE = "tmux-orch top"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key.name, key.action) for key in keys.KEYS),
        Binding("ctrl+c", "interrupt", priority=True),
    ]
    CSS = """
    Screen { layout: vertical; overflow: hidden; }
    #headline, #footer { height: 1; }
    #headline { text-style: bold; }
    #footer { text-style: dim; }
    #banner { height: auto; max-height: 2; display: none; text-style: reverse; }
    TeamTable { height: 1fr; scrollbar-size: 1 1; overflow-x: hidden; }
    #detail { border-top: solid ansi_default; height: 9; overflow: hidden; }
    ModalScreen { align: center middle; background: transparent; }
    .box { width: 90%; height: auto; max-height: 95%; padding: 0 1;
           border: round ansi_default; background: ansi_default; }
    .box VerticalScroll, .box ScrollableContainer { height: auto; max-height: 100%; }
    #question { max-height: 45vh; }
    OptionList { height: auto; max-height: 30vh; border: none; margin: 1 0 0 0; }
    #confirm { height: 1; }
    Line { align: center bottom; }
    #line { height: 4; background: ansi_default; border-top: solid ansi_default; }
    Input { border: none; height: 1; padding: 0; }
    """

    def __init__(self, acts: Acts) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self._acts = acts
        self._status: dict[str, Any] = {}
        self._away = ""
        self._filter = ""
        self._events: list[dict[str, Any]] = []
        self._asked = ("", "")

    # -- the screen ------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """From the top: the team in a line, what is wrong, the team, one agent, the keys."""
        yield Static(f"{self._acts.project}: asking the daemon ...", markup=False, id="headline")
        yield Static("", markup=False, id="banner")
        yield TeamTable()
        with Vertical(id="detail"):
            yield Static("", markup=False, id="facts")
        yield Static("", markup=False, id="footer")

    def on_mount(self) -> None:
        """Begin to follow, and to count the seconds."""
        self.query_one(TeamTable).focus()
        _in_background(self._follow)
        self.set_interval(1.0, self._draw)

    def on_resize(self) -> None:
        """Room for more or less."""
        self.query_one("#footer", Static).update(keys.footer(self.size.width))
        self.call_after_refresh(self._draw)

    def on_team_table_chosen(self) -> None:
        """Another agent below."""
        self._events = []
        self._draw()
        self._ask_events()

    def _draw(self) -> None:
        if not self._status or not self.query(TeamTable):
            return  # nothing is known yet, or we are leaving
        now, table = datetime.now(UTC), self.query_one(TeamTable)
        team = rows.objects(self._status, "agents")
        shown = [agent for agent in team if rows.matches(agent, self._filter)]
        table.show([rows.row(agent, now, table.room) for agent in shown])
        wanted = f"only “{rows.line(self._filter)}” of " if self._filter else ""
        self._say("#headline", wanted + rows.headline(self._status))
        pane = self.query_one("#detail", Vertical)
        spare = self.size.height - 4 - len(shown)
        pane.styles.height = max(_DETAIL if self.size.height >= 20 else 5, spare)
        self._draw_banner()
        self._draw_detail(now)

    def _draw_banner(self) -> None:
        if not self.query("#banner"):
            return
        text = "; ".join(filter(None, [self._away, rows.trouble(self._status)]))
        self.query_one("#banner").display = bool(text)
        self._say("#banner", f"! {text}")

    def _draw_detail(self, now: datetime) -> None:
        agent = self._chosen()
        found = []
        if agent is not None:
            room = max(20, self.size.width - 1)
            found = detail.lines(agent, self._dialogs(agent), self._events, room, now)
        text = Text("\n", no_wrap=True, overflow="ellipsis").join(
            Text(cell.text, style=STYLES[cell.tone]) for cell in found
        )
        text.no_wrap, text.overflow = True, "ellipsis"
        self._say("#facts", text)

    def _say(self, where: str, what: str | Text) -> None:
        static = self.query_one(where, Static)
        if static.content != what:
            static.update(what)

    def _chosen(self) -> Mapping[str, Any] | None:
        name = self.query_one(TeamTable).chosen
        team = rows.objects(self._status, "agents")
        return next((agent for agent in team if rows.line(agent.get("name")) == name), None)

    def _dialogs(self, agent: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        found = rows.objects(self._status, "dialogs")
        return [one for one in found if str(one.get("agent")).rpartition("/")[2] == agent["name"]]

    # -- the daemon's news -----------------------------------------------------------------------

    def _follow(self) -> None:
        try:
            self._acts.follow(
                lambda status: self._from_thread(self._news, status),
                lambda why: self._from_thread(self._is_away, why),
            )
        except OrchError as error:
            self._from_thread(self._is_away, f"{error.line()} (q leaves)")

    def _from_thread(self, call: Callable[[Any], None], value: object) -> None:
        if self.is_running:
            with suppress(RuntimeError):  # it ended in this moment
                self.call_from_thread(call, value)

    def _news(self, status: dict[str, Any]) -> None:
        self._status, self._away = status, ""
        self._draw()
        self._ask_events()

    def _is_away(self, why: str) -> None:
        self._away = why
        self._draw_banner()

    def _ask_events(self) -> None:
        """Ask for the chosen agent's events when it, or its state, is another than last time."""
        agent = self._chosen()
        if agent is None:
            return
        seen = str((agent.get("state"), agent.get("evidence"), agent.get("held_messages")))
        if (asked := (str(agent["name"]), seen)) == self._asked:
            return
        self._asked = asked
        self._in_thread(lambda: self._acts.events(asked[0], _EVENTS), self._have_events, asked)

    def _have_events(self, found: list[dict[str, Any]], asked: tuple[str, str]) -> None:
        if asked == self._asked:
            self._events = found
            self._draw()

    def _in_thread(self, work: Callable[[], Any], done: Callable[..., Any], *more: object) -> None:
        def run() -> None:
            try:
                found = work()
            except OrchError as error:
                self._from_thread(self._warn, error.line())
            else:
                self._from_thread(lambda value: done(value, *more), found)

        _in_background(run)

    def _warn(self, text: str) -> None:
        self.notify(rows.line(text), severity="error", timeout=8, markup=False)

    # -- keys ------------------------------------------------------------------------------------

    def action_attach(self) -> None:
        """Sit down at the chosen agent's window."""
        if (agent := self._chosen()) is None:
            return
        try:
            with self.suspend():
                self._acts.attach(str(agent["name"]))
        except OrchError as error:
            self._warn(error.line())
        self.refresh(layout=True)

    def action_message(self) -> None:
        """Write to the chosen agent."""
        if (agent := self._chosen()) is None:
            return
        name = str(agent["name"])

        def written(text: str | None) -> None:
            if text and text.strip():
                self._in_thread(lambda: self._acts.send(name, text), self._sent)

        self.push_screen(Line(f"message to {name} (Enter sends, Esc leaves it)"), written)

    def _sent(self, receipt: tuple[int, str]) -> None:
        code, said = receipt
        severity = "information" if code == 0 else "warning"
        self.notify(rows.line(said), severity=severity, timeout=8, markup=False)  # type: ignore[arg-type]

    def action_answer(self) -> None:
        """Answer the chosen agent's dialog."""
        if (agent := self._chosen()) is None:
            return
        name, found = str(agent["name"]), self._dialogs(agent)
        if not found or not detail.options_of(found[0]):
            self._warn(f"{name} shows no dialog with options; Enter sits down at its window")
            return
        dialog = found[0]

        def give(option: str, text: str) -> None:
            self._in_thread(
                lambda: self._acts.answer(name, dialog, option, text),
                lambda _none: self.notify(f"answered {rows.line(name)}", markup=False),
            )

        def chosen(option: str | None) -> None:
            if option is not None and is_field(option):
                label = f"text for {name} (Enter answers with it, Esc leaves it)"
                self.push_screen(Line(label), lambda text: give(option, text) if text else None)
            elif option is not None:
                give(option, "")

        self.push_screen(Answer(name, dialog), chosen)

    def action_explain(self) -> None:
        """What led to the chosen agent's state."""
        if (agent := self._chosen()) is not None:
            name = str(agent["name"])
            self._in_thread(
                lambda: explained(self._acts.explain(name)),
                lambda lines: self.push_screen(Page(f"{name}: why {agent['state']}", lines)),
            )

    def action_peek(self) -> None:
        """The chosen agent's screen."""
        if (agent := self._chosen()) is not None:
            name = str(agent["name"])
            self._in_thread(
                lambda: self._acts.peek(name),
                lambda lines: self.push_screen(Page(f"{name}: its screen", lines, end=True)),
            )

    def action_filter(self) -> None:
        """Show only agents with some text."""

        def written(text: str | None) -> None:
            if text is not None:
                self._filter = text.strip()
                self._draw()

        self.push_screen(Line("only agents with (empty: all)", self._filter), written)

    def action_help(self) -> None:
        """Keys and signs."""
        self.push_screen(Page("tmux-orch top", keys.help_lines(rows.SIGNS)))

    async def action_quit(self) -> None:
        """Leave; the agents go on."""
        self.exit()

    def action_interrupt(self) -> None:
        """Ctrl-C."""
        self.exit(return_code=EXIT_INTERRUPTED)


def _in_background(work: Callable[[], None]) -> None:
    """A thread that nobody waits for: Textual's own workers would hold up the end of the view."""
    threading.Thread(target=work, daemon=True).start()
