"""A described program found, and its command lines filled in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tmux_orch import external
from tmux_orch.agents import private_file
from tmux_orch.agents.adapter import Berth, Launch, Program
from tmux_orch.domain.agent_program import AgentProgram, PromptWay, Word
from tmux_orch.domain.errors import BadInput

VERSION_DEADLINE_S = 30.0
UNASKED = "version not asked"


def locate(described: AgentProgram, environment: Mapping[str, str]) -> Program:
    """The program on this environment's PATH, or at its absolute path.

    Raises:
        BadInput: it is not there, may not run, or does not tell its version when asked.
    """
    _known(described)
    word = str(described.command[0])
    path = _find(word, environment)
    if path is None:
        where = "is not on PATH" if "/" not in word else "is no program that can be run"
        raise BadInput(f"{word} {where}", f"install it or correct {described.place('command')}")
    if not described.version:
        return Program(described.name, path, UNASKED)
    argv = [path, *described.version]
    try:
        done = external.run(argv, deadline_s=VERSION_DEADLINE_S, environment=environment)
    except (external.ProgramMissing, external.DeadlinePassed) as error:
        raise BadInput(f"{path} does not tell its version ({error})", "run it by hand") from error
    lines = done.text().strip().splitlines()
    if done.code != 0 or not lines:
        told = done.complaint()[:200]
        raise BadInput(f"{path} does not tell its version: {told}", "run it by hand")
    plain = "".join(sign for sign in lines[0] if sign.isprintable())
    return Program(described.name, path, plain[:60])


def start(described: AgentProgram, berth: Berth, program: Program, prompt: str) -> Launch:
    """Begin a conversation; a prompt that is to be pasted is left to who types."""
    launch = _launch(described, described.command, berth, program, prompt)
    if described.resume:
        private_file.replace(_mark(berth), b"")
    return launch


def resume(described: AgentProgram, berth: Berth, program: Program, prompt: str) -> Launch:
    """Go on with the conversation; without a command line for it, begin anew."""
    words = described.resume or described.command
    return _launch(described, words, berth, program, prompt)


def begun(described: AgentProgram, berth: Berth) -> bool:
    """Whether the seat's conversation was begun before and there is a way to go on with it.

    What the program keeps is not known: that it was started is all there is.
    """
    return bool(described.resume) and _mark(berth).is_file()


def _known(described: AgentProgram) -> None:
    if described.fault:
        raise BadInput(f"agent program {described.name}: {described.fault}")


def _find(word: str, environment: Mapping[str, str]) -> str | None:
    if word.startswith("~/"):
        word = f"{environment.get('HOME', '')}/{word[2:]}"
    if word.startswith("/"):
        return shutil.which(word)
    # Only absolute entries: an empty or relative one would run a file of the project.
    places = [p for p in environment.get("PATH", "").split(os.pathsep) if Path(p).is_absolute()]
    return shutil.which(word, path=os.pathsep.join(places)) if places else None


def _launch(
    described: AgentProgram, words: tuple[Word, ...], berth: Berth, program: Program, prompt: str
) -> Launch:
    _known(described)
    values = {
        "prompt": prompt,
        "prompt_file": _prompt_file(described, berth, prompt),
        "role_page": str(berth.role_page),
        "worktree": str(berth.worktree),
        "model": berth.model,
        "conversation_id": berth.conversation_id,
    }
    argv = [program.path]
    for word in words[1:]:
        argv += _filled(word, values)
    typed = prompt if described.prompt is PromptWay.PASTE else ""
    return Launch(tuple(argv), typed=typed)


def _prompt_file(described: AgentProgram, berth: Berth, prompt: str) -> str:
    if described.prompt is not PromptWay.FILE or not prompt:
        return ""
    path = berth.private / "command" / "prompt.md"
    private_file.replace(path, f"{prompt}\n".encode("utf-8", "replace"))
    return str(path)


def _filled(word: Word, values: Mapping[str, str]) -> list[str]:
    if isinstance(word, str):
        filled = word.format_map(values)
        return [filled] if filled else []
    empty = {name for name, value in values.items() if not value}
    if any(f"{{{name}}}" in part for part in word for name in empty):
        return []
    return [part.format_map(values) for part in word]


def _mark(berth: Berth) -> Path:
    return berth.private / "command" / f"{berth.conversation_id}.begun"
