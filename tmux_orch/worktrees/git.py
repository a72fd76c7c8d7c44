"""The one runner of git: its context comes from the arguments alone, and it cannot hang or ask."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tmux_orch import external
from tmux_orch.domain.errors import BadInput, CouldNotTell, Internal
from tmux_orch.external import Completed
from tmux_orch.worktrees.shown import shown

# A read that takes longer than this hangs (network file system, a filter that waits).
READ_DEADLINE_S = 30.0
# A checkout costs about 32 µs per file, 25 times that shortly after a mass delete on ext4
# , and may fetch large files over the network.
CHECKOUT_DEADLINE_S = 600.0

# The project's configuration can name programs that run on a plain `git status`
# (core.fsmonitor) or at the end of a checkout (hooks): never for a call of ours.
_SETTINGS = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0")
_ENVIRONMENT = {
    # A failure is told apart by its words where the exit status is the same. Characters stay the
    # person's: filters of the repository read and write text in a checkout.
    "LC_ALL": "",
    "LC_MESSAGES": "C",
    "LANGUAGE": "",
    "GIT_OPTIONAL_LOCKS": "0",  # `git status` would otherwise rewrite the person's index
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ADVICE": "0",
}
# While another `git worktree add` creates its entry, a git that reads all entries dies of the one
# file that is still empty (seen with 16 adds at once on a busy machine); it has then done nothing.
_COLLISION = re.compile(r"failed to read .*worktrees/[^/\n]+/commondir")
MOST_TRIES = 20
_BLAME = re.compile(r"^(?:fatal|error): (.*)", re.MULTILINE)


class GitFailed(Internal):
    """git ended with a status that was not expected.

    Attributes:
        code: Its exit status.
        said: Its standard error.
    """

    def __init__(self, arguments: tuple[str, ...], done: Completed) -> None:
        self.code = done.code
        self.said = done.err.decode("utf-8", "surrogateescape")
        super().__init__(f"git {arguments[0]} failed: {complaint(done)}")

    @property
    def met_another(self) -> bool:
        """Whether it died of an entry that another git was just creating."""
        return _COLLISION.search(self.said) is not None


@dataclass(frozen=True, slots=True)
class Git:
    """git in one directory.

    Attributes:
        directory: Where it runs (``-C``).
        environment: The person's environment; every ``GIT_*`` in it is dropped, because
            ``GIT_DIR`` overrides ``-C``. ``None`` is ours.
        extra: Variables of ours added last, such as ``GIT_INDEX_FILE``.
    """

    directory: Path
    environment: Mapping[str, str] | None = field(default=None, repr=False, compare=False)
    extra: Mapping[str, str] = field(default_factory=dict, compare=False)

    def run(
        self,
        *arguments: str,
        deadline_s: float = READ_DEADLINE_S,
        stdin: bytes = b"",
        accept: Collection[int] = (0,),
        tries: int = MOST_TRIES,
    ) -> Completed:
        """Run ``git *arguments`` to its end, again where it met another that is just starting.

        Args:
            arguments: Subcommand and its arguments.
            deadline_s: Seconds until it is killed.
            stdin: Bytes for its standard input.
            accept: Exit statuses that are an answer.
            tries: How often at most it is run when it met another.

        Raises:
            GitFailed: any other exit status.
            CouldNotTell: it was killed at the deadline.
            BadInput: there is no git.
        """
        for _ in range(tries):
            done = self._once(arguments, deadline_s, stdin)
            failed = GitFailed(arguments, done)
            if done.code == 0 or not failed.met_another:
                break
        if done.code not in accept:
            raise failed
        return done

    def _once(self, arguments: tuple[str, ...], deadline_s: float, stdin: bytes) -> Completed:
        argv = ("git", *_SETTINGS, "-C", str(self.directory), *arguments)
        environment = external.scrubbed(self.environment)
        if environment.get("LC_ALL"):
            environment["LC_CTYPE"] = environment["LC_ALL"]
        environment |= {**_ENVIRONMENT, **self.extra}
        try:
            return external.run(argv, deadline_s=deadline_s, environment=environment, stdin=stdin)
        except external.ProgramMissing as error:
            raise BadInput(
                f"git cannot be started ({error})", "install git 2.34 or newer"
            ) from error
        except OSError as error:
            raise Internal(f"git {arguments[0]} could not be run: {error}") from error
        except external.DeadlinePassed as error:
            raise CouldNotTell(
                f"git {arguments[0]} did not end within {deadline_s:g} s "
                f"in {shown(self.directory)}",
                "look for a hanging git or file system there, then try again",
            ) from error

    def line(self, *arguments: str, accept: Collection[int] = (0,)) -> str:
        """The output of a command that prints one line, without its newline."""
        return self.run(*arguments, accept=accept).text().removesuffix("\n")

    def within(self, **extra: str) -> Git:
        """The same git with further variables of ours."""
        return Git(self.directory, self.environment, {**self.extra, **extra})


def complaint(done: Completed) -> str:
    """What git blames: its first ``fatal:`` or ``error:`` line, else its last line."""
    text = done.err.decode("utf-8", "surrogateescape")
    found = _BLAME.search(text)
    return shown(found.group(1) if found else done.complaint())
