"""Deliberate bugs in delivery; each must turn a test red. ``python -m tests.messages.mutants``.

Works on a copy of the tree; prints one line per bug and exits 1 when one survived.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutant:
    """One bug: where, what is replaced by what, and the tests that should see it."""

    name: str
    file: str
    old: str
    new: str
    tests: str = "tests/messages"
    also: tuple[tuple[str, str], ...] = ()


M = "tmux_orch/messages/"
DELIVER, CRASH, HAND = (f"tests/messages/test_{n}.py" for n in ("deliver", "crash", "handover"))
GATE, ACCEPT, RULES = (f"tests/messages/test_{n}.py" for n in ("gate", "accept", "rules"))
DOMAIN = "tests/domain"

MUTANTS = [
    Mutant("no lease for hand-overs", M + "handover.py",
           "if not lane.lease.acquire(timeout=_LEASE_WAIT_S):\n            return []",
           "import threading\n        lane = type('L', (), {'lease': threading.Lock()})\n"
           "        if not lane.lease.acquire():\n            return []", HAND),
    Mutant("several threads per lane, no lease", M + "lane.py",
           "            if self._running:\n                return False\n", "", DELIVER,
           (("            with self.lease:\n                blocks",
             "            if True:\n                blocks"),)),
    Mutant("no guard inside tmux", "tmux_orch/tmux/paste.py",
           'choice = Command(\n        "if-shell", "-F", "-t", pane_id, condition,',
           'choice = Command(\n        "if-shell", "-F", "-t", pane_id, "1",', DELIVER),
    Mutant("guard without the cursor", M + "hands.py",
           "return Guard(seat.pane_id, seat.key, seat.tag, cursor)",
           "return Guard(seat.pane_id, seat.key, seat.tag)", DELIVER),
    Mutant("Enter not verified", M + "deliver.py",
           "            presses += 1\n",
           "            presses += 1\n            return self._delivered(Proof.WORKING)\n",
           DELIVER),
    Mutant("pasted again instead of Enter again", M + "deliver.py",
           "            enter_at = self._clock.monotonic()\n        return self._blocked",
           "            return self._held(Verdict(Kind.WAIT, 'again'))\n"
           "        return self._blocked", DELIVER),
    Mutant("marked after the paste", M + "deliver.py",
           "self._message, _S.GATE, _S.COMPOSING, attempts=before + 1\n        )  # fmt: skip",
           "self._message, _S.GATE, _S.HELD\n        )  # fmt: skip", DELIVER),
    Mutant("no gap", M + "deliver.py",
           "self._port.adapter().composer_gap_s", "0.0", DELIVER),
    Mutant("state not looked at before Enter", M + "deliver.py",
           "            if seen.keys.kind is not Kind.GO:\n"
           "                return self._held(seen.keys, typed=True)\n", "", DELIVER),
    Mutant("draft sent with the message", M + "deliver.py",
           "if stands is Standing.ALTERED:", "if False:", DELIVER),
    Mutant("what was shortened is sent", M + "compose.py",
           "Standing.ALTERED if begin and begin in box", "Standing.WHOLE if begin and begin in box",
           DELIVER),
    Mutant("a prompt hook counts as delivery", M + "deliver.py",
           "        if seen is Sighting.TAKEN:\n", "        if seen >= Sighting.PROMPTED:\n",
           DELIVER),
    Mutant("composer not looked at", M + "gate.py",
           "    if not composer.empty:\n", "    if False:\n", DELIVER),
    Mutant("dialogs on the screen not looked at", M + "gate.py",
           "    if dialog is not None:\n", "    if False:\n", DELIVER),
    Mutant("typing person not looked at", M + "gate.py",
           "if typed_ago_s is not None and typed_ago_s < TYPING_S:", "if False:", DELIVER),
    Mutant("copy mode not looked at", M + "gate.py", "    if pane.in_mode:\n", "    if False:\n",
           GATE),
    Mutant("what was typed is typed again after a crash", M + "record.py",
           "if message.state in (MessageState.COMPOSING, MessageState.SUBMITTED):\n"
           "        return True", "if False:\n        return True", CRASH),
    Mutant("recovery gives up at once", M + "resolve.py",
           "        return Whereabouts.COMPOSER\n", "        return Whereabouts.UNKNOWN\n", CRASH),
    Mutant("recovery sends without proof of absence", M + "resolve.py",
           "if trace.markerless or not trace.readable:", "if False:", DELIVER),
    Mutant("recovery does not wait until things settle", M + "resolve.py",
           "if not trace.settled or trace.unread or not (trace.empty or trace.handed):",
           "if trace.unread or not (trace.empty or trace.handed):", GATE),
    Mutant("recovery does not ask whether typed bytes were read", M + "lane.py",
           "unread = not handed and self._hands.unread(port.seat())", "unread = False", DELIVER),
    Mutant("missing at one look counts as absent", M + "lane.py",
           "            at - self._missing_since.setdefault(message.id, at),\n", "", DELIVER),
    Mutant("Enter again although the first was not read", M + "deliver.py",
           "if shown and unread:", "if False:", DELIVER),
    Mutant("hand-over proved by the marker alone", M + "resolve.py",
           "Sighting.ANSWERED if trace.handed else Sighting.TAKEN", "Sighting.TAKEN", HAND),
    Mutant("no limit of hand-overs in a row", M + "handover.py", "IN_A_ROW = 6", "IN_A_ROW = 99",
           HAND),
    Mutant("no limit beside a tool result", M + "handover.py",
           "room = TOOL_CHARS if moment is Moment.TOOL else TURN_CHARS", "room = 10**9", HAND),
    Mutant("everything beside a tool result", M + "handover.py",
           "if m.priority is Priority.HIGH", "if m", HAND),
    Mutant("a hand-over that failed counts", M + "handover.py",
           "        if ok:\n            return",
           "        return", HAND),
    Mutant("events only, no scan", M + "courier.py",
           "while not self._stop.wait(SCAN_S):", "while not self._stop.wait(9999):", DELIVER),
    Mutant("sanitiser off", M + "courier.py", "clean = sanitise(text)",
           "clean = type(sanitise(''))(text, 0, 0)", ACCEPT),
    Mutant("sanitiser keeps escapes", "tmux_orch/domain/sanitise.py",
           "        return char not in _KEPT_CONTROLS\n",
           "        return char not in _KEPT_CONTROLS | {'\\x1b'}\n", DOMAIN),
    Mutant("headers in texts pass", "tmux_orch/domain/sanitise.py",
           "    if not spans and not opened and not dots:\n", "    if True:\n", DOMAIN),
    Mutant("names match by prefix", "tmux_orch/domain/address.py",
           "[a for a in team if a.name == name],", "[a for a in team if a.name.startswith(name)],",
           DOMAIN),
    Mutant("mailbox follows links", M + "mailbox.py",
           "flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC",
           "flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC", ACCEPT),
    Mutant("agents may send raw", M + "courier.py",
           'if raw and "/" in sender:', "if False:", ACCEPT),
    Mutant("no budget", M + "rules.py", "if level < 1.0:", "if False:", RULES),
    Mutant("no loop rule", M + "rules.py",
           "if self._loops(pair, sender, at):", "if False:", RULES),
]  # fmt: skip


def survives(mutant: Mutant, place: Path) -> bool:
    """Whether all tests pass with the bug in."""
    target = place / mutant.file
    good = target.read_text()
    bad = good.replace(mutant.old, mutant.new)
    for old, new in mutant.also:
        assert old in bad, mutant.name
        bad = bad.replace(old, new)
    target.write_text(bad)
    argv = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", mutant.tests]
    try:
        done = subprocess.run(argv, cwd=place, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        print(f"{mutant.name}: red (hangs)", flush=True)
        return False
    finally:
        target.write_text(good)
    red = [x for x in done.stdout.splitlines() if x.startswith(("FAILED", "ERROR tests"))]
    print(
        f"{mutant.name}: {red[0][:110] if red else 'SURVIVES' if not done.returncode else 'red'}",
        flush=True,
    )
    return done.returncode == 0


def main() -> int:
    names = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        place = Path(directory)
        for part in ("tmux_orch", "tests"):
            shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("pyproject.toml", "team_templates.yaml"):
            if (ROOT / part).exists():
                shutil.copy(ROOT / part, place / part)
        chosen = [m for m in MUTANTS if not names or any(n in m.name for n in names)]
        for mutant in chosen:
            found = (place / mutant.file).read_text().count(mutant.old)
            assert found == 1, f"{mutant.name}: the text to replace is there {found} times"
        survivors = [m.name for m in chosen if survives(m, place)]
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} bugs found")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
