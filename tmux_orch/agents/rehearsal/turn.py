"""One turn: a text is taken, what it says is done, hooks are asked, an answer is given."""

# pathlib costs 9 ms of a start.
# ruff: noqa: PTH103, PTH118, PTH120, PTH123

from __future__ import annotations

import os

from tmux_orch.agents.rehearsal import dialog, directive
from tmux_orch.agents.rehearsal.record import identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from typing import Any

    from tmux_orch.agents.rehearsal.agent import Agent
    from tmux_orch.agents.rehearsal.directive import Directive
    from tmux_orch.agents.rehearsal.loop import Wait, Work

# The real program overrides the 9th Stop block in a row: its text is recorded, but the model is not
# asked with it before the next prompt.
MOST_BLOCKS = 8
# Context beside a tool result: whole at 9,500 characters, a preview of 2 kB from 10,500 on (there).
MOST_CONTEXT, PREVIEW = 10_000, 2_000
COMMAND_DEADLINE_S = 600.0
_MOST_READ = 1 << 20


class Over(Exception):
    """The turn ends here without a Stop hook (limit, rejected permission)."""


class Turn:
    """``work()`` is the task. ``announced``: UserPromptSubmit was called for its texts already."""

    def __init__(self, agent: Agent, texts: Sequence[str], announced: bool) -> None:
        self._agent = agent
        self._texts = texts
        self._announced = announced
        self._prompt = identity()
        self._todo: list[Directive] = []
        self._owes_answer = False
        self._last = ""
        self._written: list[str] = []
        self._denied = False

    def work(self) -> Work:
        """The whole turn."""
        agent = self._agent
        for text in self._texts:
            if not self._announced and not (yield from self._announce(text)):
                return
            agent.transcript.user(text, self._prompt)
            self._take(text)
        for text in agent.carried:
            self._take(text)
        agent.carried.clear()
        try:
            yield from self._answer_all()
            yield from self._until_allowed_to_stop()
        except Over:
            return

    def _announce(self, text: str) -> Generator[Wait, Any, bool]:
        answer = yield self._agent.hook("UserPromptSubmit", prompt=text, prompt_id=self._prompt)
        if answer.get("decision") == "block":
            self._agent.show(f"  ⎿ blocked by a hook: {answer.get('reason', '')}")
            return False
        self._take_context(answer)
        return True

    def _until_allowed_to_stop(self) -> Work:
        agent = self._agent
        for blocks in range(MOST_BLOCKS + 1):
            answer = yield agent.hook(
                "Stop",
                prompt_id=self._prompt,
                stop_hook_active=blocks > 0,
                last_assistant_message=self._last,
                background_tasks=[],
            )
            reason = answer.get("reason")
            if answer.get("decision") != "block" or not isinstance(reason, str):
                return
            text = f"Stop hook feedback:\n{reason}"
            agent.transcript.user(text, self._prompt, meta=True)
            if blocks == MOST_BLOCKS:
                agent.show("  ⎿ Stop hook blocked too often in a row: overridden")
                agent.carried.append(text)
                return
            agent.show("  ⎿ Stop hook reported a problem")
            self._take(text)
            yield from self._answer_all()

    def _answer_all(self) -> Work:
        while self._todo:
            yield from self._carry_out(self._todo.pop(0))
        if self._owes_answer:
            self._say("Done.")

    def _take(self, text: str) -> None:
        """``text`` is in front of the model from now on: plan what it says, and owe an answer."""
        self._owes_answer = True
        try:
            found = directive.find(text)
        except directive.NotUnderstood as error:
            found = [{"say": f"I do not understand the directive: {error}"}]
        self._todo += found or [self._agent.habit(text)]

    def _take_context(self, answer: dict[str, Any]) -> None:
        specific = answer.get("hookSpecificOutput")
        context = specific.get("additionalContext") if isinstance(specific, dict) else None
        if not isinstance(context, str) or not context:
            return
        if len(context) > MOST_CONTEXT:
            context = f"{context[:PREVIEW]}\n… ({len(context)} characters, cut to a preview)"
        self._agent.transcript.attachment("hook_additional_context", context)
        self._take(context)

    def _carry_out(self, order: Directive) -> Work:
        for _ in range(order.get("repeat", 1)):
            self._denied = False
            for key in directive.KEYS:
                step = _STEPS.get(key)
                if step is not None and key in order:
                    yield from step(self, order[key], order)
        if "then" in order:
            self._todo.insert(0, order["then"])

    # One method for each key of a directive.

    def _deaf_s(self, seconds: float, _order: Directive) -> Work:
        self._agent.go_deaf(seconds)
        yield from ()

    def _work_s(self, seconds: float, _order: Directive) -> Work:
        if seconds:
            yield self._agent.pause(seconds)

    def _read(self, path: str, _order: Directive) -> Work:
        try:
            with open(path, "rb") as file:
                result: dict[str, Any] = {"bytes": len(file.read(_MOST_READ))}
            shown = f"{result['bytes']} bytes"
        except OSError as error:
            result = {"error": error.strerror or str(error)}
            shown = result["error"]
        yield from self._used("Read", {"file_path": path}, result, f"Read({path})", shown)

    def _permission(self, command: str, _order: Directive) -> Work:
        agent = self._agent
        given = {"command": command, "description": "asked for by a REHEARSAL directive"}
        if command not in agent.allowed and agent.mode != "bypassPermissions":
            picked, decision = yield agent.ask(
                dialog.permission(command),
                "PermissionRequest",
                tool_name="Bash",
                tool_input=given,
                prompt_id=self._prompt,
                permission_suggestions=[],
            )
            if decision is not None and decision.get("behavior") != "allow":
                reason = str(decision.get("message") or "no reason given")
                agent.show("  ⎿ Denied by PermissionRequest hook")
                agent.transcript.tool("Bash", given, {"denied": reason})
                self._say(f"I was not allowed to run {command}: {reason}")
                return
            if decision is None and picked not in (0, 1):
                agent.show("  ⎿ Rejected. What should be done instead?")
                agent.transcript.tool("Bash", given, {"rejected": True})
                raise Over
            if decision is not None:
                agent.show("  ⎿ Allowed by PermissionRequest hook")
            elif picked == 1:
                agent.allowed.add(command)
        yield from self._command(command.split(), given)

    def _ask(self, asked: dict[str, Any], _order: Directive) -> Work:
        options = asked["options"]
        questions = [
            {
                "question": asked["question"],
                "header": "Question",
                "options": [{"label": option, "description": ""} for option in options],
                "multiSelect": False,
            }
        ]
        picked, _ = yield self._agent.ask(
            dialog.question(asked["question"], options),
            "PermissionRequest",
            tool_name="AskUserQuestion",
            tool_input={"questions": questions},
            prompt_id=self._prompt,
        )
        if picked is None or picked < 0:
            self._agent.show("  ⎿ Not answered.")
            raise Over
        given = {"questions": questions}
        chosen = options[picked]
        yield from self._used(
            "AskUserQuestion", given, {"answer": chosen}, asked["question"], chosen
        )

    def _write(self, files: dict[str, str], _order: Directive) -> Work:
        root = os.path.realpath(self._agent.directory)
        for path, text in files.items():
            place = os.path.realpath(os.path.join(root, path))
            try:
                if not place.startswith(root + "/"):
                    raise PermissionError(None, "leads out of the working directory")
                os.makedirs(os.path.dirname(place), exist_ok=True)
                with open(place, "w", encoding="utf-8") as file:
                    file.write(text)
                self._written.append(path)
                result: dict[str, Any] = {"bytes": len(text.encode())}
                shown = f"{result['bytes']} bytes"
            except OSError as error:
                result = {"error": error.strerror or str(error)}
                shown = result["error"]
            given = {"file_path": path, "content": text}
            yield from self._used("Write", given, result, f"Write({path})", shown)

    def _run(self, words: list[str], _order: Directive) -> Work:
        yield from self._command(words, {"command": " ".join(words), "description": ""})

    def _commit(self, message: str, _order: Directive) -> Work:
        paths = list(dict.fromkeys(self._written))
        what = ["--", *paths] if paths else []
        self._written.clear()
        add = ["git", "add", *(what or ["-A"])]
        status, output = yield self._agent.run(add, COMMAND_DEADLINE_S)
        commit = ["git", "commit", "-q", "-m", message, *what]
        if status == 0:
            status, output = yield self._agent.run(commit, COMMAND_DEADLINE_S)
        given = {"command": " ".join(commit), "description": "commit"}
        yield from self._ran(given, status, output)

    def _use(self, used: dict[str, Any], _order: Directive) -> Work:
        self._agent.use(used)
        yield from ()

    def _print(self, text: str, _order: Directive) -> Work:
        self._agent.show("\n".join(f"  ⎿ {line}" for line in text.split("\n")))
        yield from ()

    def _speak(self, text: str, _order: Directive) -> Work:
        self._say(text)
        yield from ()

    def _limit(self, text: str, order: Directive) -> Work:
        agent = self._agent
        agent.show(text)
        agent.transcript.add("system", subtype="limit", content=text)
        yield agent.hook(
            "StopFailure", prompt_id=self._prompt, error="rate_limit", last_assistant_message=text
        )
        if order.get("limit_menu"):
            yield agent.ask(dialog.limit_menu(text), "")
        raise Over

    def _exit(self, status: int, _order: Directive) -> Work:
        self._agent.leave(status, "prompt_input_exit")
        yield _for_ever

    def _crash(self, number: int, _order: Directive) -> Work:
        self._agent.crash(number)
        yield _for_ever

    def _command(self, words: list[str], given: dict[str, Any]) -> Work:
        status, output = yield self._agent.run(words, COMMAND_DEADLINE_S)
        yield from self._ran(given, status, output)

    def _ran(self, given: dict[str, Any], status: int, output: bytes) -> Work:
        text = output.decode("utf-8", "replace")
        result = {"stdout": text, "stderr": "", "exit_status": status, "interrupted": False}
        rows = text.rstrip("\n").split("\n")[-5:]
        shown = "\n    ".join(rows) if text.strip() else "(no output)"
        if status:
            shown = f"exit status {status}\n    {shown}"
        yield from self._used("Bash", given, result, f"Bash({given['command']})", shown)

    def _used(
        self, tool: str, given: dict[str, Any], result: dict[str, Any], title: str, shown: str
    ) -> Work:
        """A tool was used: record and show it, and take what is handed over beside its result."""
        agent = self._agent
        agent.show(f"● {title}\n  ⎿ {shown}")
        agent.transcript.tool(tool, given, result)
        answer = yield agent.hook(
            "PostToolUse",
            prompt_id=self._prompt,
            tool_name=tool,
            tool_input=given,
            tool_response=result,
            tool_use_id=f"toolu_{os.urandom(10).hex()}",
        )
        self._take_context(answer)
        for text in agent.take_queue():
            agent.transcript.queue("remove", text, reason="absorbed_mid_turn")
            agent.transcript.attachment("queued_command", text)
            self._take(text)

    def _say(self, text: str) -> None:
        self._owes_answer = False
        self._last = text
        self._agent.transcript.assistant(text, self._prompt)
        self._agent.show(f"● {text}")


def _for_ever(_resume: object) -> None:
    """The program is ending: this wait does not come back."""


_STEPS: dict[str, Callable[[Turn, Any, Directive], Work]] = {
    "deaf_s": Turn._deaf_s,
    "work_s": Turn._work_s,
    "read": Turn._read,
    "permission": Turn._permission,
    "ask": Turn._ask,
    "write": Turn._write,
    "run": Turn._run,
    "commit": Turn._commit,
    "use": Turn._use,
    "print": Turn._print,
    "say": Turn._speak,
    "limit": Turn._limit,
    "exit": Turn._exit,
    "crash": Turn._crash,
}
