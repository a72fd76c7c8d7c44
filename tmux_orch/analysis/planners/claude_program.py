"""The planner that asks with the person's own ``claude -p``: their sign-in, no key of ours."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tmux_orch import external
from tmux_orch.analysis.planners.answer import Answer, Unusable
from tmux_orch.analysis.planners.question import Question
from tmux_orch.domain.implementation import PlannerSettings
from tmux_orch.domain.sanitise import printable

# Set in every program that a Claude Code session starts; with them it takes itself for nested.
_NESTED = ("CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SESSION_ID")
_SIGN_IN = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
)
_LARGEST_STATE = 20_000_000


def find(environ: Mapping[str, str]) -> str:
    """The program's path; empty when it is in no absolute directory of PATH."""
    directories = [d for d in environ.get("PATH", "").split(os.pathsep) if d.startswith("/")]
    return shutil.which("claude", path=os.pathsep.join(directories)) or "" if directories else ""


def signed_in(environ: Mapping[str, str]) -> bool:
    """Whether it looks as if somebody were signed in; only files are looked at."""
    if any(environ.get(name) for name in _SIGN_IN):
        return True
    home = Path(environ.get("HOME") or "/nonexistent")
    chosen = environ.get("CLAUDE_CONFIG_DIR", "")
    config = Path(chosen) if chosen else home / ".claude"
    state = _json(config / ".claude.json" if chosen else home / ".claude.json")
    helper = _json(config / "settings.json").get("apiKeyHelper")
    known = state.get("oauthAccount") or state.get("primaryApiKey") or helper
    return bool(known) or (config / ".credentials.json").is_file()


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_STATE:
            return {}
        read = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def ask(question: Question, environ: Mapping[str, str], settings: PlannerSettings) -> Answer:
    """Put ``question`` to ``claude -p`` and return what it answered, unchecked.

    It runs without tools, without the person's hooks, servers and memory files, and in an empty
    directory, so that nothing of a project acts on it; sign-in and model are the person's.

    Raises:
        Unusable: there is no whole answer.
    """
    with tempfile.TemporaryDirectory(prefix="tmux-orch-plan-") as empty:
        try:
            done = external.run(
                _argv(find(environ), question, settings.model),
                deadline_s=settings.timeout_s,
                cwd=empty,
                environment=_environment(environ, settings.retries),
                stdin=question.prompt.encode("utf-8", "replace"),
            )
        except external.DeadlinePassed as error:
            raise Unusable(f"claude gave no answer within {settings.timeout_s} s") from error
        except external.ProgramMissing as error:
            raise Unusable(f"claude could not be started: {printable(str(error), 200)}") from error
    try:
        said = json.loads(done.out)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"claude failed: {printable(done.complaint(), 200)}") from error
    if not isinstance(said, dict):
        raise Unusable("claude answered in a form that is not known")
    return _answer(said)


def _argv(program: str, question: Question, model: str) -> list[str]:
    return [
        *(program, "-p", "--output-format", "json"),
        *("--system-prompt", question.system, "--json-schema", json.dumps(question.schema)),
        *("--tools", "", "--safe-mode", "--strict-mcp-config"),
        *("--disable-slash-commands", "--no-session-persistence"),
        *(("--model", model) if model else ()),
    ]


def _environment(environ: Mapping[str, str], retries: int) -> dict[str, str]:
    kept = {k: v for k, v in external.scrubbed(environ).items() if k not in _NESTED}
    return {**kept, "CLAUDE_CODE_MAX_RETRIES": str(retries), "DISABLE_AUTOUPDATER": "1"}


def _answer(said: Mapping[str, Any]) -> Answer:
    status = said.get("api_error_status")
    if status == 401:
        raise Unusable("claude is not signed in, or its key was refused (401): run claude once")
    if said.get("is_error") or said.get("subtype") != "success":
        told = str(said.get("result") or said.get("subtype") or "no reason given")
        number = f" ({status})" if status else ""
        raise Unusable(f"claude failed{number}: {printable(told, 200)}")
    if said.get("stop_reason") == "refusal":
        raise Unusable("claude refused to plan this spec")
    if said.get("stop_reason") == "max_tokens":
        raise Unusable("the answer of claude was cut off (max_tokens)")
    if "structured_output" not in said:
        raise Unusable("claude answered without a plan")
    usage, models = said.get("usage"), said.get("modelUsage")
    cost = said.get("total_cost_usd")
    return Answer(
        json.dumps(said["structured_output"]),
        ", ".join(models) if isinstance(models, dict) and models else "claude",
        _sum(usage, "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"),
        _sum(usage, "output_tokens"),
        float(cost) if isinstance(cost, int | float) else None,
    )


def _sum(usage: object, *names: str) -> int:
    counts = [usage.get(name) for name in names] if isinstance(usage, dict) else []
    return sum(count for count in counts if isinstance(count, int))
