"""No secret of a known form is kept where things are read later."""

from __future__ import annotations

import json
import random
import re
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmux_orch.domain.message import MessageState
from tmux_orch.domain.states import AgentState, Fused
from tmux_orch.store.database import Database
from tmux_orch.store.events import Events
from tmux_orch.store.journal import Journal
from tmux_orch.store.outbox import NewMessage, Outbox
from tmux_orch.store.projects import Project
from tmux_orch.store.redact import redact, redact_all, redacted_json, suspicious
from tmux_orch.store.seats import Seats

from .conftest import FixedClock
from .test_repositories import SEAT

_RANDOM = random.Random(7)


def noise(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Characters that no other canary has."""
    return "".join(_RANDOM.choice(alphabet) for _ in range(length))


def pem(kind: str) -> tuple[str, str]:
    body = "\n".join(noise(64) for _ in range(5))
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----", body.splitlines()[2]


_UPPER = string.ascii_uppercase + string.digits
_RSA, _RSA_LINE = pem("RSA PRIVATE KEY")
_SSH, _SSH_LINE = pem("OPENSSH PRIVATE KEY")
_CUT, _CUT_LINE = pem("PRIVATE KEY")


def plain(before: str, secret: str, after: str = "") -> tuple[str, str]:
    """A text, and what must be gone from it."""
    return before + secret + after, secret


# 39 canaries of 23 kinds: text that is written, and the part of it that must be found nowhere.
CANARIES: dict[str, tuple[str, str]] = {
    "anthropic": plain("key sk-ant-api03-", noise(40)),
    "anthropic oauth": plain("sk-ant-oat01-", noise(30) + "-" + noise(10)),
    "openai": plain("sk-", noise(48)),
    "openai project": plain("(sk-proj-", noise(60), ")"),
    "aws id": plain("AKIA", noise(16, _UPPER)),
    "aws session id": plain("id=ASIA", noise(16, _UPPER)),
    "aws secret": plain("AWS_SECRET_ACCESS_KEY=", noise(40)),
    "aws secret in a file": plain("aws_secret_access_key = ", noise(30) + "/+" + noise(8)),
    "github": plain("ghp_", noise(36)),
    "github server": plain("ghs_", noise(36)),
    "github fine": plain("github_pat_", noise(22) + "_" + noise(50)),
    "gitlab": plain("glpat-", noise(20)),
    "slack": plain("xoxb-", "123456789012-" + noise(24)),
    "slack hook": plain("https://hooks.slack.com/services/", f"T{noise(8, _UPPER)}/{noise(24)}"),
    "google": plain("AIza", noise(35)),
    "google client": plain("GOCSPX-", noise(28)),
    "stripe": plain("sk_live_", noise(24)),
    "npm": plain("//registry/:_authToken=npm_", noise(36)),
    "pypi": plain("pypi-", noise(80)),
    "huggingface": plain("hf_", noise(34)),
    "sendgrid": plain("SG.", noise(22) + "." + noise(43)),
    "telegram": plain("123456789:AA", noise(33)),
    "jwt": plain("eyJhbGciOiJIUzI1NiJ9.eyJ", noise(40) + "." + noise(43)),
    "bearer": plain("Authorization: Bearer ", noise(32)),
    "bearer in curl": plain("curl -H 'authorization: bearer ", noise(24), "' https://x"),
    "basic": plain("Authorization: Basic ", noise(24) + "=="),
    "url": plain("postgresql://app:", noise(14), "@db.example/app"),
    "password": plain("DB_PASSWORD=", noise(12)),
    "password with spaces": plain("password: \"correct ", noise(10), " horse\""),
    "password with signs": plain("--password=", "a\\b," + noise(6) + ";)x]"),
    "short name": plain("MYSQL_PASS=", noise(9)),
    "query": plain("GET /?token=", noise(16), "&next=1"),
    "json": plain('{"client_secret": "', noise(20), '"}'),
    "escaped json": plain('"{\\"apiKey\\": \\"', noise(20), '\\"}"'),
    "yaml": plain("  access_token: ", noise(20)),
    "cookie": plain("Cookie: session=", noise(30)),
    "rsa key": (f"key:\n{_RSA}\n", _RSA_LINE),
    "ssh key": (_SSH, _SSH_LINE),
    "key that was cut off": (_CUT[:-30], _CUT_LINE),
    "age": plain("AGE-SECRET-KEY-1", noise(58, _UPPER)),
}  # fmt: skip

HARMLESS = [
    "Read .orch/briefing.md and begin. [brief 0badcafe]",
    "[from developer · msg 1a2b3c4d] the token count is 5, the key idea holds",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b on orch/abc123/developer",
    "conversation 5f0c1c9e-0000-4000-8000-000000000000, sha256 "
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "the task-list is in src/mask-rendering-of-everything-we-have/",
    "https://example.org/a:b@c and git@github.com:me/repo.git and ssh://git@host/path",
    "pass the test, keep the secret door, a private method, basic knowledge of tokens",
    "asked: which key? The primary key of the table; bearer of bad news",
    "/home/user/.local/state/tmux-orch/projects/shop/worktrees/developer",
    "pass: 1204, fail: 3; tokens: 15000, max_tokens=4096",
    "keys: a, b\npublic key: yes",
]


@pytest.mark.parametrize("name", CANARIES)
def test_a_secret_is_taken_out(name: str) -> None:
    text, secret = CANARIES[name]
    clean = redact(f"before {text} after")
    assert secret not in clean
    assert "[redacted:" in clean
    assert clean.startswith("before ")
    assert redact(clean) == clean


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("name", CANARIES)
def test_no_secret_escapes_the_cheap_look(name: str) -> None:
    text, _ = CANARIES[name]
    assert suspicious(text)
    assert suspicious(json.dumps({"text": text}))


def test_what_stands_under_a_secret_name_is_taken_out() -> None:
    value = {"env": {"DB_PASSWORD": "abc", "api_key": "short", "PATH": "/bin"}, "n": [1, None]}
    assert redact_all(value) == {
        "env": {
            "DB_PASSWORD": "[redacted:value]",
            "api_key": "[redacted:value]",
            "PATH": "/bin",
        },
        "n": [1, None],
    }


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=300), st.sampled_from(sorted(CANARIES)))
def test_redaction_ends_keeps_what_is_around_and_repeats_to_the_same(text: str, name: str) -> None:
    canary, secret = CANARIES[name]
    around = f"{text}\n\n{canary}\n\n{text}"
    clean = redact(around)
    assert secret not in clean
    assert redact(clean) == clean
    assert secret not in redacted_json({"text": around})


def test_a_hostile_text_is_redacted_in_linear_time() -> None:
    for piece in ("password", "-----BEGIN PRIVATE KEY", "a://", "key key: ", 'token"', "eyJ", "x-"):
        redact(piece * (60_000 // len(piece)))  # the suite's timeout is the bound


def test_no_planted_secret_is_in_any_file_of_the_store(
    reopen: Callable[[], Database], place: Path, clock: FixedClock, project: Project
) -> None:
    """Bar H6 for what the store writes; the control shows that the search would find one."""
    database = reopen()
    outbox, events = Outbox(database, clock), Events(database, clock)
    seats, journal = Seats(database, clock), Journal(database, clock)
    seats.put(SEAT)
    for text, _ in CANARIES.values():
        message = outbox.accept(NewMessage("shop", SEAT.key, "user", text, original=f"x {text}"))
        outbox.move(message.id, MessageState.HELD, f"the screen shows {text}")
        outbox.move(message.id, MessageState.EXPIRED, text)
        events.append("note", payload={"text": text, "deep": [{"er": text}]})
        seats.set_state(SEAT.key, Fused(AgentState.IDLE, clock.now(), text))
        journal.failed(journal.begin("shop", "abc123", None, "x"), text)
    events.append("note", payload={"text": "CONTROL-zq81"})
    database.close()
    everything = b"".join(p.read_bytes() for p in place.rglob("*") if p.is_file())
    assert b"CONTROL-zq81" in everything
    found = [name for name, (_, secret) in CANARIES.items() if secret.encode() in everything]
    assert found == []


def test_every_kind_has_a_canary() -> None:
    from tmux_orch.store.redact import _KINDS

    met = {
        k for text, _ in CANARIES.values() for k in re.findall(r"\[redacted:(.+?)]", redact(text))
    }
    assert met >= {kind.name for kind in _KINDS} | {"value"}
