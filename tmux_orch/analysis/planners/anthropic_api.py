"""The planner that asks the Anthropic API with the person's own key."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tmux_orch
from tmux_orch import external
from tmux_orch.analysis.planners.answer import Answer, Unusable
from tmux_orch.analysis.planners.question import Question
from tmux_orch.domain.implementation import PlannerSettings
from tmux_orch.domain.sanitise import printable

DEFAULT_MODEL = "claude-sonnet-5-5"
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
_MAX_TOKENS = 32_000
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_PASSED = frozenset(
    (*KEYS, "ANTHROPIC_BASE_URL", *_PROXIES, *(name.lower() for name in _PROXIES))
) | {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
_REASONS: Mapping[object, str] = {
    400: "the Anthropic API did not accept the question (400)",
    401: "the Anthropic API refused the key (401): check ANTHROPIC_API_KEY",
    402: "the Anthropic API wants to be paid first (402)",
    403: "the Anthropic API does not allow this to the key (403)",
    404: "the Anthropic API does not know the model (404): set planner_model",
    413: "the spec is too long for the Anthropic API (413)",
    429: "the limit of the Anthropic API is reached (429)",
    529: "the Anthropic API is overloaded (529)",
    "timeout": "the Anthropic API did not answer in time",
    "connection": "the Anthropic API could not be reached, or cut the connection",
    "client": "the Anthropic client failed",
}


def has_key(environ: Mapping[str, str]) -> bool:
    """Whether there is a key to try."""
    return any(environ.get(name, "").strip() for name in KEYS)


def ask(question: Question, environ: Mapping[str, str], settings: PlannerSettings) -> Answer:
    """Put ``question`` to the API and return what it answered, unchecked.

    Raises:
        Unusable: there is no whole answer.
    """
    model = settings.model or DEFAULT_MODEL
    request = {
        "model": model,
        "system": question.system,
        "prompt": question.prompt,
        "schema": question.schema,
        "max_tokens": _MAX_TOKENS,
        "timeout_s": settings.timeout_s,
        "retries": settings.retries,
    }
    said = run_child(request, environ)
    if "failed" in said:
        raise Unusable(_failed(said, model, environ))
    if said["stop_reason"] == "refusal":
        raise Unusable(f"{model} refused to plan this spec")
    if said["stop_reason"] != "end_turn":
        raise Unusable(f"the answer of {model} was cut off ({said['stop_reason']})")
    return Answer(said["text"], said["model"], said["tokens_in"], said["tokens_out"])


def run_child(request: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """What the child process says to ``request``.

    Raises:
        Unusable: it could not be run to its end.
    """
    try:
        done = external.run(
            [sys.executable, "-P", "-m", "tmux_orch.analysis.planners.anthropic_child"],
            deadline_s=request["timeout_s"],
            cwd="/",
            environment=child_environment(environ),
            stdin=json.dumps(request).encode(),
        )
    except external.DeadlinePassed as error:
        raise Unusable(
            f"the Anthropic API gave no answer within {request['timeout_s']} s"
        ) from error
    except external.ProgramMissing as error:
        raise Unusable(f"the Anthropic client could not be started: {error}") from error
    try:
        said = json.loads(done.out)
    except ValueError as error:
        why = _hidden(done.complaint(), environ)
        raise Unusable(f"the Anthropic client failed: {printable(why, 200)}") from error
    return dict(said)


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Of the person's environment only what the client needs; the child runs our own code."""
    passed = {name: value for name, value in environ.items() if name in _PASSED}
    ours = str(Path(tmux_orch.__file__).resolve().parent.parent)
    return {**passed, "PYTHONPATH": ours, "PYTHONUTF8": "1", "HOME": environ.get("HOME", "/")}


def _failed(said: Mapping[str, Any], model: str, environ: Mapping[str, str]) -> str:
    reason = _REASONS.get(said["failed"], f"the Anthropic API failed ({said['failed']})")
    if said["failed"] in (401, 429, 529, "timeout"):
        return reason
    if said["failed"] == 404:
        reason = reason.replace("the model", f"the model {printable(model)}")
    return f"{reason}: {printable(_hidden(str(said['message']), environ), 200)}"


def _hidden(text: str, environ: Mapping[str, str]) -> str:
    """``text`` without the person's keys and passwords of proxies, wherever it got them from."""
    for name, value in environ.items():
        if name in KEYS or name.upper() in _PROXIES[:3]:
            text = text.replace(value, "(hidden)") if len(value) > 5 else text
    return text
