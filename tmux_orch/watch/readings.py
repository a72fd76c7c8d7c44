"""What each source said last of one agent. Pure: a new reading gives a new set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tmux_orch.domain.states import BUSY, READY, AgentState, Reading, Source
from tmux_orch.domain.work import Quota

_S = AgentState


@dataclass(frozen=True, slots=True)
class Readings:
    """The newest reading of each source, and some ages.

    Attributes:
        process, tmux, level, hook: At most one reading of each source; ``level`` is the program's
            own word for its state (its session file), ``hook`` the newest call that said one.
        asking: The permission request whose hook is held now; also a hook's, but a lasting one.
        doing: The newest hook of the turn that runs which said what it does.
        screen: What the screen shows, two looks agreeing; ``state`` is ``None`` for one that no
            rule knows.
        limit: Words of a usage limit on the screen that block the agent; ``at`` is when they were
            first seen.
        mark: What others concluded from outside (``stuck``, ``complete``).
        git: The last change in the worktree.
        published: A session file of this very process was seen before.
        parked: It is held for a limit now.
        let_go: The limit that is over although its words may stand there still (source, rule and
            time of its reading): its account's hold ended for this agent.
        ran: It was seen ready or at work before, so that it is not starting.
        age_s: Seconds since the program was started.
        screen_age_s: Seconds since the screen was last known to show what ``screen`` says.
        still_s: Seconds since the screen was last seen to change.
    """

    process: Reading | None = None
    tmux: Reading | None = None
    asking: Reading | None = None
    level: Reading | None = None
    hook: Reading | None = None
    doing: Reading | None = None
    screen: Reading | None = None
    limit: Reading | None = None
    mark: Reading | None = None
    git: Reading | None = None
    published: bool = False
    parked: bool = False
    let_go: tuple[Source, str, datetime] | None = None
    ran: bool = False
    age_s: float = 0.0
    screen_age_s: float = 0.0
    still_s: float = 0.0

    def all(self) -> list[Reading]:
        """Those that are there, in the order of trust."""
        slots = (
            self.process, self.tmux, self.asking, self.level, self.hook, self.doing, self.limit,
            self.screen, self.mark, self.git,
        )  # fmt: skip
        return list(dict.fromkeys(reading for reading in slots if reading is not None))

    def with_fact(self, fact: Reading) -> Readings:
        """A fact of the process, of tmux or of git; itself when it says what was known.

        The time at which it became true is kept then.
        """
        match fact.source:
            case Source.PROCESS:
                known = _is_known(self.process, fact)
                return self if known else replace(self, process=fact)
            case Source.TMUX:
                return self if _is_known(self.tmux, fact) else replace(self, tmux=fact)
            case _:
                return self if self.git == fact else replace(self, git=fact)

    def with_hook(self, hook: Reading) -> Readings:
        """A hook said a state."""
        after = replace(self, hook=hook, mark=None, ran=True)
        if hook.state not in BUSY:
            # What was done stays until the level says that the turn is over: the tool that asks
            # goes on after the answer, and the file follows a turn's end by up to 0.2 s.
            return after
        return replace(after, doing=hook, limit=None)

    def with_level(self, level: Reading | None) -> Readings:
        """The session file was read; ``None``: there is none."""
        if level is None:
            return replace(self, level=None)
        after = replace(self, level=level, published=True, ran=True)
        if self.level is None or (level.state, level.at) != (self.level.state, self.level.at):
            after = replace(after, mark=None)
        if level.state in READY and self.doing is not None and level.at > self.doing.at:
            after = replace(after, doing=None)
        if level.state not in BUSY:
            return after
        # It works (again): whatever limit there was is over.
        if self.limit is not None and level.at > self.limit.at:
            after = replace(after, limit=None)
        hook = self.hook
        if hook is not None and hook.state is _S.USAGE_LIMITED and level.at > hook.at:
            after = replace(after, hook=None)
        return after

    def with_screen(self, screen: Reading, limit: Reading | None, parked: bool) -> Readings:
        """The screen was looked at.

        Args:
            screen: What it shows.
            limit: The limit on it that blocks the agent, if any.
            parked: The agent is held for a limit now: that its words are gone from the screen
                ends nothing.
        """
        if screen.state in BUSY:
            limit = None
        elif limit is None:
            limit = self.limit if parked else None
        elif self.limit is not None and _same_words(self.limit, limit):
            limit = replace(limit, at=self.limit.at)
        if self.screen is not None and _same_words(self.screen, screen):
            screen = replace(screen, at=self.screen.at)
        ran = self.ran or screen.state in BUSY | READY
        return replace(self, screen=screen, limit=limit, ran=ran)

    def without_limit(self) -> Readings:
        """The limit that was read last is over; another one counts again."""
        limit = self.limit_said()
        if limit is None:
            return self
        return replace(self, let_go=(limit.source, limit.rule, limit.at))

    def limit_said(self) -> Reading | None:
        """The limit that was read, believed or not: the program's own word before its screen."""
        own = (one for one in (self.hook, self.level) if one is not None)
        return next((one for one in own if one.state is _S.USAGE_LIMITED), self.limit)

    def with_quotas(self, quotas: Sequence[Quota]) -> Readings:
        """The plan's windows: when a limit ends as the program was told it, to the second."""
        limit = self.limit_said()
        if limit is None or limit is self.level:  # its file tells the windows, too
            return self
        used_up = [quota.resets_at for quota in quotas if quota.used_percent >= 100]
        ends = [at for at in used_up if at is not None and at > limit.at]
        if not ends:
            return self
        exact = replace(limit, until_at=max(ends))
        if limit is self.hook:
            return replace(self, hook=exact)
        return replace(self, limit=exact)


def _is_known(before: Reading | None, after: Reading) -> bool:
    return before is not None and replace(before, at=after.at) == after


def _same_words(before: Reading, after: Reading) -> bool:
    return (before.state, before.rule, before.until_at) == (after.state, after.rule, after.until_at)
