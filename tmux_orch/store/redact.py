"""Secrets taken out of everything that is written to be read later.

The one redactor: logs, events, reasons, evidence and finished messages go through it. A pattern is
tried only where a literal that every match of it contains is there, so an ordinary 3 kB message
costs some sixty substring searches (10 microseconds measured), and no pattern.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tmux_orch.store.rows import to_json


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    hints: tuple[str, ...]  # lower case; one of them stands in every text the pattern matches
    pattern: re.Pattern[str]


def _kind(name: str, hints: str, pattern: str, flags: int = 0) -> _Kind:
    return _Kind(name, tuple(hints.split()), re.compile(pattern, flags))


# A name that says its value is secret. Between quotes in JSON, before = or : elsewhere.
_TELLING = (
    r"pass(?:word|wd|phrase|code)|(?<=[_-])pass|pwd|secret|token(?!s)|credentials?|"
    r"(?:api|access|auth|account|private|secret|signing|encryption)[_-]?key"
)
_NOT_YET = r"(?!\[redacted:)"

# Order: what is longer or more telling first, the guesses by name last.
_KINDS = (
    # Also one whose end was cut off.
    _kind(
        "private-key",
        "private",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:[\s\S]{0,20000}?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|[\s\S]*)",
    ),
    _kind("age-key", "age-secret-key-", r"(?ia)AGE-SECRET-KEY-[A-Z0-9-]{20,}"),
    _kind("anthropic-key", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{8,}"),
    _kind("openai-key", "sk-", r"\bsk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{20,}"),
    _kind(
        "stripe-key", "k_live_ k_test_ whsec_", r"\b(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{10,}"
    ),
    _kind("aws-key-id", "akia asia", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    _kind(
        "github-token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"\b(?:gh[pousr]_[A-Za-z0-9_]{20,}|github_pat_[A-Za-z0-9_]{20,})",
    ),
    _kind(
        "gitlab-token",
        "glpat- gldt- glrt- glcbt- glptt- glft- glsoat-",
        r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_.-]{16,}",
    ),
    _kind("slack-token", "xox xapp-", r"\b(?:xox[a-z]-|xapp-)[A-Za-z0-9-]{10,}"),
    _kind(
        "slack-hook", "hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]+"
    ),
    _kind(
        "google-key",
        "aiza gocspx- ya29.",
        r"\bAIza[A-Za-z0-9_-]{30,}|\bGOCSPX-[A-Za-z0-9_-]{20,}|\bya29\.[A-Za-z0-9_-]{20,}",
    ),
    _kind("npm-token", "npm_", r"\bnpm_[A-Za-z0-9]{30,}"),
    _kind("pypi-token", "pypi-", r"\bpypi-[A-Za-z0-9_-]{30,}"),
    _kind("huggingface-token", "hf_", r"\bhf_[A-Za-z0-9]{30,}"),
    _kind("sendgrid-key", "sg.", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    _kind("telegram-token", ":aa", r"\b\d{8,10}:AA[A-Za-z0-9_-]{30,}"),
    _kind("jwt", "eyj", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    _kind("url-password", "://", rf"(?<=://){_NOT_YET}[^\s/:@'\"<>]*:{_NOT_YET}[^\s/@'\"<>]+(?=@)"),
    _kind(
        "authorization",
        "bearer basic authorization",
        rf"(?ia)(?:(?<=bearer )|(?<=authorization: )(?:basic |token )?|(?<=basic ))"
        rf"{_NOT_YET}(?!bearer |basic |token )[A-Za-z0-9._~+/=-]{{12,}}",
    ),
    _kind("cookie", "cookie", rf"(?ia)(?<=cookie: ){_NOT_YET}[^\r\n'\"]{{8,}}"),
)

# ``pwd=abcd``: nothing shorter is taken for a secret.
_SHORTEST = 8
_BY_NAME_HINTS = ("pass", "pwd", "secret", "token", "credential", "key")
_BY_NAME = re.compile(
    rf"(?ia)(?P<name>(?<![A-Za-z0-9])[A-Za-z0-9_.-]{{0,40}}?(?:{_TELLING})[A-Za-z0-9_]{{0,20}}"
    rf"(?P<close>\\?[\"'])?\s{{0,3}}(?:=>|:=|[:=])\s{{0,3}})"
    rf"(?P<value>{_NOT_YET}(?:\"(?!\[redacted:)[^\"\r\n]+\"|'(?!\[redacted:)[^'\r\n]+'"
    r"|\\{1,3}[\"'](?!\[redacted:)[^\"'\\\r\n]+|(?:[^\s\"'&\\]|\\(?![\"'])){4,}))"
)
_KEY_NAME = re.compile(rf"(?ia)(?:^|[_.-])(?:{_TELLING})$|^authorization$|^cookie$")


_HINTS = tuple(dict.fromkeys(hint for kind in _KINDS for hint in kind.hints)) + _BY_NAME_HINTS


def suspicious(text: str) -> bool:
    """Whether ``text``, or the JSON of something, may contain a secret; no means no."""
    low = text.lower()
    for hint in _HINTS:  # noqa: SIM110 - any() over a generator costs twice as much
        if hint in low:
            return True
    return False


def redact(text: str) -> str:
    """``text`` with every secret that we know the form of replaced by ``[redacted:KIND]``.

    Doing it twice changes nothing more.
    """
    if len(text) < _SHORTEST:
        return text
    low = text.lower()
    for kind in _KINDS:
        for hint in kind.hints:
            if hint in low:
                text = kind.pattern.sub(f"[redacted:{kind.name}]", text)
                break
    for hint in _BY_NAME_HINTS:
        if hint in low:
            return _BY_NAME.sub(lambda found: f"{found['name']}[redacted:value]", text)
    return text


def redact_all(value: Any) -> Any:
    """JSON-ready ``value`` with every text in it redacted, and what stands under a secret name."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(str(key)): _under(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_all(item) for item in value]
    return value


def redacted_json(value: Mapping[str, Any]) -> str:
    """``value`` as one line of JSON, redacted."""
    # No literal that we look for is changed by JSON's escapes, so one look at the line is enough.
    line = to_json(value)
    return to_json(redact_all(value)) if suspicious(line) else line


def _under(key: str, item: Any) -> Any:
    if isinstance(item, str) and item and _KEY_NAME.search(key):
        return "[redacted:value]"
    return redact_all(item)
