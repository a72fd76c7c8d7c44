"""Bad input: one clear line on standard error, exit code 2, nothing made, nothing started."""

from __future__ import annotations

import os

import pytest

SPEC = ("--spec", "spec.md")
CASES = {
    "auto-orchestrate": [
        (), ("--spec",), ("--spec", ""), ("--spec", "missing.md"), ("--spec", "."),
        ("--spec", "empty.md"), ("--spec", "blank.md"), ("--spec", "binary"),
        ("--spec", "utf16.md"), ("--spec", "huge.md"), ("--spec", "fifo"), ("--spec", "loop"),
        ("--spec", "/dev/zero"), ("--spec", "latin1.md"), ("--spec", "doc.pdf"),
        ("--spec", "x" * 5000), ("--spec", "-"), (*SPEC, "--resume"), (*SPEC, "--status-only"),
        (*SPEC, "--rebrief-all"), ("--status-only",), ("--rebrief-all",),
        ("--resume", "--roles", "dev"), ("--resume", "--session", "x"), ("--resume", "--dry-run"),
        ("--resume", "--team-type", "general"), ("--resume", "--status-only", "--rebrief-all"),
        ("--resume", "--status-only", "--add-roles", "dev"), (*SPEC, "--team-type", "Web"),
        (*SPEC, "--team-type", ""), (*SPEC, "--plan", ""), (*SPEC, "--plan", "5x"),
        (*SPEC, "--size", "XL"), (*SPEC, "--planner", "gpt"), (*SPEC, "--task", "x"),
        ("--task", ""), ("--task", " "), ("--task", "\udcff"), ("--resume", "--task", "x"),
        ("--resume", "--plan", "pro"), ("--resume", "--size", "small"),
        (*SPEC, "--planner", "x"), (*SPEC, "--session", ""),
        (*SPEC, "--session", "Team"), (*SPEC, "--session", "a.b"), (*SPEC, "--session", "a:b"),
        (*SPEC, "--session", "../x"), (*SPEC, "--session", "#(touch PWNED)"),
        (*SPEC, "--session", "-x"), (*SPEC, "--session", "1"), (*SPEC, "--session", "a" * 50),
        (*SPEC, "--session", "é"), (*SPEC, "--session", "a\nb"), (*SPEC, "--agent", ""),
        (*SPEC, "--agent", "../x"), (*SPEC, "--agent", "$(id)"), (*SPEC, "--model", ""),
        (*SPEC, "--model", "--dangerously"), (*SPEC, "--model", "a b"),
        (*SPEC, "--model", "m" * 300), (*SPEC, "--model", "x\x1b[2J"),
        (*SPEC, "--permission-mode", ""), (*SPEC, "--permission-mode", "--yes"),
        (*SPEC, "--permission-mode", "a b"), (*SPEC, "--permission-mode", "$(id)"),
        (*SPEC, "--project", "missing"), (*SPEC, "--project", "spec.md"), (*SPEC, "--project", ""),
        (*SPEC, "--project", "#(touch PWNED)"), (*SPEC, "--project", "a\nb"),
        (*SPEC, "--roles", ""), (*SPEC, "--bogus"), (*SPEC, "extra"), ("-x",), ("--resume=yes",),
        (*SPEC, "--budget", ""), (*SPEC, "--budget", "5"), (*SPEC, "--budget", "0usd"),
        (*SPEC, "--budget", "usd"), ("--resume", "--budget", "5usd"),
        (*SPEC, "--dry-run=1"), ("--json=1",), ("--res\x1b[31mume",), ("--spec", "\udcff"),
    ],
    "tmux-orch": [
        ("bogus",), ("--bogus",), ("",), ("status", "--bogus"), ("status", "extra"),
        ("status", "--project"), ("status", "--project", ""), ("ls", "extra"),
        ("status", "--all", "--project", "x"), ("attach", "a", "b"), ("messages", "--limit", "0"),
        ("messages", "--limit", "x"), ("messages", "--limit", "1001"), ("messages", "a", "b"),
        ("log", "--since", "-1"), ("log", "--since", "yesterday"), ("log", "extra"), ("approve",),
        ("deny",), ("approve", "a", "b"), ("approve", "--reason"), ("stop",), ("stop", "x"),
        ("trust",), ("stop", "--all", "x", "--yes"), ("stop", "--all", "--project", "x", "--yes"),
        ("stop", "--force"), ("remove", "--bogus"), ("doctor", "extra"), ("daemon", "bogus"),
        ("daemon", "start", "x"), ("daemon", "logs", "-n", "x"), ("daemon", "logs"),
        ("plan", "bogus"), ("plan", "edit"), ("plan", "edit", "missing.json"),
        ("plan", "show", "x"), ("plan", "edit", "spec.md"), ("teams", "bogus"),
        ("teams", "show", "nobody"),
        ("explain",), ("explain", "a", "b"), ("explain", "a", "--screen", "spec.md"),
        ("explain", "--screen", "spec.md"), ("explain", "--screen", "fifo", "--agent", "claude"),
        ("restart",), ("restart", "--all", "x"), ("restart", "x", "--all"), ("restart", "--bogus"),
        ("restart", "--project"), ("restart", "--project", "x"), ("restart", "--json"),
        ("restart", "x", "--yes"), ("restart", "--all=1"), ("restart", "x", "--resume"),
        ("completion",), ("completion", "tcsh"), ("completion", "bash", "--command", "rm"),
        ("status\x1b]0;x\x07",), ("$(touch PWNED)",),
    ],
    "scm": [
        (), ("dev",), ("--wait",), ("--wait", "x", "dev", "t"), ("--wait", "-1", "dev", "t"),
        ("--wait", "1e9", "dev", "t"), ("--wait", "inf", "dev", "t"), ("--wait=", "dev", "t"),
        ("--until", "x", "dev", "t"), ("--until=", "dev", "t"), ("--priority", "x", "dev", "t"),
        ("--bogus", "dev", "t"), ("--json=1", "dev", "t"), ("", "t"), ("-", "t"), ("--id",),
        ("--raw=1", "dev", "t"), ("-x", "dev", "t"), ("--no-wait=1", "dev", "t"),
    ],
}  # fmt: skip


def flat():
    for command, cases in CASES.items():
        for argv in cases:
            yield pytest.param(command, argv, id=f"{command} {' '.join(argv)!r}"[:60])


def test_there_are_more_than_a_hundred_and_twenty_cases():
    assert len(list(flat())) >= 120


@pytest.fixture
def place(house):
    files = {
        "spec.md": b"# x\n", "empty.md": b"", "blank.md": b" \n\t\n", "binary": b"\x7fELF\0\0",
        "utf16.md": "x".encode("utf-16"), "huge.md": b"x" * 1_000_001, "latin1.md": b"caf\xe9",
        "doc.pdf": b"%PDF-1.4\n",
    }  # fmt: skip
    for name, data in files.items():
        (house.place / name).write_bytes(data)
    os.mkfifo(house.place / "fifo")
    (house.place / "loop").symlink_to("loop")
    return house


@pytest.mark.parametrize(("command", "argv"), list(flat()))
def test_one_line_code_2_nothing_changed(place, command, argv):
    before = sorted(p.name for p in place.place.iterdir())
    used = os.times()
    done = place.run(command, *argv)
    after = os.times()
    # The bar's 2 s, as processor time: other tests may share the machine.
    assert (
        after.children_user - used.children_user + after.children_system < 2 + used.children_system
    )
    assert done.code == 2, done.both
    assert done.out == ""
    assert done.err.count("\n") == 1, done.err
    assert len(done.err) > 20
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err
    assert "\x07" not in done.err
    assert sorted(p.name for p in place.place.iterdir()) == before
    assert place.started_nothing()
