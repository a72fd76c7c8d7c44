"""Deliberate bugs; each must turn a test red: ``./scripts/mutations [WORD...]``.

The delivery's own are in ``tests/messages/mutants.py``; here are those of the other rooms.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.messages import mutants as delivery
from tests.messages.mutants import ROOT, Mutant, survives

T, W = "tmux_orch/tmux/", "tmux_orch/worktrees/"
W_, A = "tmux_orch/watch/", "tmux_orch/analysis/"

MUTANTS = [
    Mutant("`=` removed from session targets", T + "windows.py",
           'return f"={session}"', "return session", "tests/tmux/test_windows.py"),
    Mutant("directory as tmux's own -c", T + "windows.py",
           '"new-window", "-a", "-d", "-t", last, "-n", spec.window,',
           '"new-window", "-a", "-d", "-t", last, "-n", spec.window, "-c", str(spec.directory),',
           "tests/tmux/test_windows.py"),
    Mutant("guard of the dead pane dropped", T + "guard.py",
           'flags = ["pane_dead", "pane_input_off"]', 'flags = ["pane_input_off"]',
           "tests/tmux/test_paste.py"),
    Mutant("no deadline on external programs", "tmux_orch/external.py",
           "timeout=deadline_s)", "timeout=None)", "tests/tmux/test_server.py"),
    Mutant("deferred transactions", "tmux_orch/store/engines.py",
           'begin = "BEGIN IMMEDIATE" if writes else "BEGIN"', 'begin = "BEGIN"', "tests/store"),
    Mutant("secrets not redacted", "tmux_orch/store/redact.py",
           "def redact(text: str) -> str:\n", "def redact(text: str) -> str:\n    return text\n",
           "tests/store/test_redact.py"),
    Mutant("worktree add with --force", W + "make.py",
           'run("worktree", "add", *arguments', 'run("worktree", "add", "--force", *arguments',
           "tests/worktrees/test_make.py"),
    Mutant("half-made worktrees of others repaired", W + "make.py",
           "if not ours or path.is_symlink()", "if path.is_symlink()",
           "tests/worktrees/test_make.py"),
    Mutant("live socket unlinked", "tmux_orch/rpc/socket_file.py",
           "        if is_alive(path):\n", "        if False:\n", "tests/rpc"),
    Mutant("another user served", "tmux_orch/rpc/server.py",
           "peer.uid != os.geteuid()", "False", "tests/rpc/test_listener.py"),
    Mutant("a living agent started again", "tmux_orch/team/decide.py",
           "    if seen.pane_alive:\n        return Act.ADOPT\n", "", "tests/team"),
    Mutant("a conversation opened twice", "tmux_orch/team/decide.py",
           "    if seen.owner is not None:\n        return Act.WAIT\n", "", "tests/team"),
    Mutant("no budget of starts", "tmux_orch/domain/restart.py",
           "return starts < STARTS", "return True", "tests/domain"),
    Mutant("what a person ended is started again", "tmux_orch/domain/restart.py",
           "    if cause is Cause.BY_PERSON:\n        return Move.LEAVE\n", "", "tests/domain"),
    Mutant("no wait before a restart", "tmux_orch/domain/restart.py",
           "return min(LONGEST_S, FIRST_S * 2.0 ** min(attempts, 32))", "return 0.0",
           "tests/domain"),
    Mutant("a held agent started", "tmux_orch/upkeep/supervise.py",
           " and self._parts.board.held(seat) is None", "", "tests/upkeep/test_supervise.py"),
    Mutant("starts not written before they are made", "tmux_orch/upkeep/supervise.py",
           "parts.restarts.put(replace(begun, attempts=row.attempts + 1), connection)", "pass",
           "tests/upkeep/test_supervise.py"),
    Mutant("a kill for want of memory not told apart", "tmux_orch/domain/restart.py",
           "oom = number == signal.SIGKILL and signs.oom_grew", "oom = False",
           "tests/upkeep/test_supervise.py"),
    Mutant("a daemon that dies at its start is started for ever", "tmux_orch/rpc/start.py",
           "if len(died) >= DEATHS:", "if False:", "tests/rpc/test_start.py"),
    Mutant("stale session files believed", "tmux_orch/watch/fusion.py",
           "    _dead,\n    _unreachable,", "    _unreachable,", "tests/watch/test_fusion.py"),
    Mutant("duplicate keys of YAML taken", "tmux_orch/config/yaml_strict.py",
           "            if event.value in frame.value:", "            if False:",
           "tests/config/test_yaml_strict.py"),
    Mutant("an answer before its prompt is nobody's", W_ + "transcript.py",
           "if self._lineage.answered_by(entry):", "if False:", "tests/watch/test_transcript.py"),
    Mutant("the plan's cap ignored", A + "team.py",
           "        if seating.count + seating.size_of(role) <= frame.plan.cap:\n",
           "        if True:\n",
           "tests/analysis/test_team_choice.py"),
    Mutant("work for roles that are not there", A + "plan_check.py",
           "if not isinstance(role, str) or role not in roles:", "if not isinstance(role, str):",
           "tests/analysis"),
    Mutant("a project's file grants rights", "tmux_orch/config/template_merge.py",
           '_GRANTS = ("rights", "agent", "model", "attention")', '_GRANTS = ("agent", "model")',
           "tests/config"),
    Mutant("everybody's tasks on every page", "tmux_orch/briefing/compose.py",
           "    of_role = made.of(role) if made else ()",
           "    of_role = made.tasks if made else ()",
           "tests/briefing"),
    Mutant("markers in specs not broken", "tmux_orch/briefing/clean.py",
           "    return _unmarked(sanitise(cut).text)", "    return sanitise(cut).text",
           "tests/briefing"),
    Mutant("a follower asks again from where it began", "tmux_orch/rpc/follow.py",
           "again=False, ", "again=True, ", "tests/rpc/test_follow.py"),
    Mutant("a stopped daemon started by who only follows", "tmux_orch/rpc/follow.py",
           "start, why = False, _ENDED", "start, why = True, _ENDED", "tests/rpc/test_follow.py"),
    Mutant("a follower keeps an idle daemon", "tmux_orch/rpc/server.py",
           "return sum(not reply.follows for reply in tuple(self._working))",
           "return len(self._working)", "tests/rpc/test_listener.py"),
    Mutant("outside text read as markup", "tmux_orch/tui/app.py",
           "Text(cell.text, style=STYLES[cell.tone]) for cell in found",
           "Text.from_markup(cell.text) for cell in found", "tests/tui"),
    Mutant("a dialog answered without a confirmation", "tmux_orch/tui/overlays.py",
           "        self._chosen = self._options[number - 1]\n",
           "        self.dismiss(self._options[number - 1])\n", "tests/tui"),
    Mutant("the dialog of now answered, not the one that was shown", "tmux_orch/tui/app.py",
           "self._acts.answer(name, dialog, option, text)",
           "self._acts.answer(name, self._dialogs(agent)[0], option, text)", "tests/tui"),
    Mutant("git asked at each look", "tmux_orch/team/overview.py",
           "now - look.costly_at < COSTLY_S", "False", "tests/team/test_overview.py"),
]  # fmt: skip


def main(words: list[str]) -> int:
    """Plant each bug in a copy of the tree; 1 when one survives."""
    wanted = [*MUTANTS, *delivery.MUTANTS]
    wanted = [m for m in wanted if not words or any(word in m.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        place = Path(directory)
        ignored = shutil.ignore_patterns("__pycache__")
        for part in ("tmux_orch", "tests", "scripts", "docs"):
            shutil.copytree(ROOT / part, place / part, ignore=ignored)
        for part in ("pyproject.toml", "team_templates.yaml"):
            shutil.copy(ROOT / part, place / part)
        survivors = [m.name for m in wanted if survives(m, place)]
    print(f"{len(wanted) - len(survivors)} of {len(wanted)} bugs found")
    for name in survivors:
        print(f"SURVIVED: {name}")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
