"""The environment of agents: an allow-list of the person's, and what we add.

Kept 0600 per project and used again by ``--resume``, so that a team restored by cron or by another
shell finds the same sign-in, proxies and PATH. Everything else of the caller's
environment stays out: ``GIT_*``, ``TMUX*``, ``PYTHON*``, ``LD_*`` change what programs do, and a
caller that is itself an agent carries tokens of its own.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from tmux_orch.domain.seat import Seat

ALLOWED = frozenset(
    {
        "HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "LANGUAGE", "TZ", "SSH_AUTH_SOCK",
        "TMPDIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy",
        "https_proxy", "no_proxy", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "NODE_EXTRA_CA_CERTS", "IS_SANDBOX",
    }
)  # fmt: skip
ALLOWED_PREFIXES = ("LC_", "XDG_", "REHEARSAL_")
# What the claude adapter names: sign-in, provider and traffic switches of the program itself.
CLAUDE_PREFIXES = (
    "ANTHROPIC_", "CLAUDE_CODE_USE_", "AWS_", "GOOGLE_", "CLOUD_ML_", "VERTEX_", "DISABLE_",
)  # fmt: skip
CLAUDE_NAMES = frozenset(
    {"CLAUDE_CONFIG_DIR", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_OAUTH_TOKEN"}
)
# What the opencode adapter names. Not OPENCODE_* as a whole: a caller that runs inside opencode has
# OPENCODE, OPENCODE_PID and its server's password.
OPENCODE_NAMES = frozenset(
    {"OPENCODE_CONFIG", "OPENCODE_CONFIG_DIR", "OPENCODE_CONFIG_CONTENT", "OPENCODE_DB",
     "OPENCODE_API_KEY", "OPENCODE_AUTH_CONTENT", "OPENCODE_TUI_CONFIG", "OPENCODE_PERMISSION"}
)  # fmt: skip
OPENCODE_PREFIXES = ("OPENCODE_DISABLE_", "OPENCODE_MODELS_")
# What the adapters of other programs name: their sign-in and where their configuration lies.
OTHER_NAMES = frozenset(
    {
        "CODEX_HOME", "CODEX_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORGANIZATION",
        "OPENAI_PROJECT", "GEMINI_API_KEY", "GEMINI_CLI_HOME", "GEMINI_MODEL",
    }
)  # fmt: skip
# Ports for parallel dev servers: 100 per slot from 20000, below Linux's ephemeral range (32768).
PORT_BASE = 20000
PORTS_PER_SLOT = 100


def allowed(environment: Mapping[str, str], more: Collection[str] = ()) -> dict[str, str]:
    """The part of a person's environment that agents get.

    Args:
        more: Names that their programs get besides; ``NAME_*`` for all that begin so.
    """
    names = {name for name in more if not name.endswith("*")}
    prefixes = tuple(name[:-1] for name in more if name.endswith("*"))
    return {
        name: value
        for name, value in environment.items()
        if name in ALLOWED
        or name in CLAUDE_NAMES
        or name in OTHER_NAMES
        or name.startswith(ALLOWED_PREFIXES)
        or name.startswith(CLAUDE_PREFIXES)
        or name in OPENCODE_NAMES
        or name.startswith(OPENCODE_PREFIXES)
        or name in names
        or name.startswith(prefixes)
    }


def of_seat(
    stored: Mapping[str, str],
    seat: Seat,
    *,
    commands: Path,
    registry: Path,
    runtime: Path,
) -> dict[str, str]:
    """The complete environment of one agent's program.

    Args:
        stored: The project's stored part, see :func:`allowed`.
        seat: Whose environment it is.
        commands: Directory with our commands, put first on PATH.
        registry: Root of the registry, so that its ``scm`` finds the daemon.
        runtime: Directory used for ``XDG_RUNTIME_DIR`` when the person has none.
    """
    environment = dict(stored)
    environment["PATH"] = f"{commands}:{stored.get('PATH', '/usr/local/bin:/usr/bin:/bin')}"
    environment["ORCH_AGENT"] = seat.key
    environment["ORCH_INCARNATION"] = seat.tag
    environment["ORCH_SLOT"] = str(seat.slot)
    environment["ORCH_PORT_BASE"] = str(PORT_BASE + PORTS_PER_SLOT * seat.slot)
    environment["COMPOSE_PROJECT_NAME"] = f"{seat.project}-{seat.name}"
    environment["TMUX_ORCH_REGISTRY"] = str(registry)
    environment.setdefault("XDG_RUNTIME_DIR", str(runtime))
    return environment


def identity(agent_label: str) -> dict[str, str]:
    """Commit identity for agents of a repository that has none: git would refuse to commit."""
    mail = "agents@tmux-orch.invalid"
    return {
        "GIT_AUTHOR_NAME": agent_label,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": agent_label,
        "GIT_COMMITTER_EMAIL": mail,
    }


def load(path: Path) -> dict[str, str]:
    """The stored environment of a project; empty when none was stored."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return {str(k): str(v) for k, v in data.items()} if isinstance(data, dict) else {}


def dump(environment: Mapping[str, str]) -> bytes:
    """The stored form of :func:`allowed`'s result."""
    return json.dumps(dict(sorted(environment.items())), ensure_ascii=False, indent=1).encode()
