"""Trying the user's own templates before a team depends on them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from tmux_orch.briefing import render, templates
from tmux_orch.briefing.facts import LastWork, Mate, Owned, Reader, Tool, Tools, Variant
from tmux_orch.domain.implementation import Implementation, Phase, Risk, Task

_TASK = Task("T1", "developer", "A task", "Phase", ("T0",), ("it holds",), ("src/a.py",))
_TOOLS = Tools((Tool("server", "stdio", "program", "a file"),), ("a file: not JSON",))
_BARE = Reader(
    variant=Variant.FIRST, name="developer", role="developer", title="Developer", purpose="Writes.",
    template="", responsibilities=(), capabilities=(), restrictions=(), number=1, of_role=1,
    tasks_elsewhere=(), directories=(), branch_prefix="feature/", check_in_s=3600,
    hub="orchestrator", merger="orchestrator", merge_order=(), project="sample", goal="A goal",
    summary="", planned=False, phases=(), tasks=(), load=(), open_questions=(), spec_items=(),
    worktree="/w/developer", branch="orch/0a1b2c/developer", base="0" * 40, starting_branch="",
    remote="", ports=20000, notes="", mates=(Mate("orchestrator", "orchestrator", "Hub", True),),
)  # fmt: skip
_FULL = replace(
    _BARE, responsibilities=("a",), capabilities=("b",), restrictions=("c",), number=1, of_role=2,
    tasks_elsewhere=("T2",), directories=(Owned("src/", ("tester",)),), merge_order=("developer",),
    summary="In short.", planned=True, phases=(Phase("Phase", "A goal"),), tasks=(_TASK,),
    load=(("developer", 1),), open_questions=("Why?",), starting_branch="main", remote="origin",
    notes="/n", tools=_TOOLS,
    mates=(*_BARE.mates, Mate("developer-2", "developer", "Developer", False, "b", "done")),
    last=LastWork("it ended", "main", 1, ("0a1b2c3 Start",), ("a.py",), 2),
)  # fmt: skip
_READERS = (
    _BARE,
    replace(_FULL, last=replace(_FULL.last, unread="no worktree") if _FULL.last else None),
    replace(_FULL, name="orchestrator", role="orchestrator", of_role=1, tasks_elsewhere=()),
    replace(_FULL, name="orchestrator", role="orchestrator", mates=(), spec_items=("x",)),
)
_PLAN = Implementation("s", (Phase("p", "g"),), (_TASK,), (Risk("r", "m"),), ("q?",), note="n")


def check_overrides(directory: Path, names: Collection[str] = ()) -> tuple[str, ...]:
    """Render every template of the user's with made-up facts; changes nothing.

    Args:
        directory: ``briefings`` in the configuration directory; it need not exist.
        names: Names of roles and of briefing templates that roles ask for; another file name is
            then a mistake. Empty: any name is accepted.

    Returns:
        The names of the templates that will be used in place of, or besides, the shipped ones.

    Raises:
        BadInput: ``file:line``, what is wrong, and the next step; the first mistake found.
    """
    found = templates.own(directory, names)
    tried = set(found)
    if any(name.startswith("_") or name in templates.OTHERS for name in found):
        tried |= {"orchestrator", "project_manager", "researcher", "developer"}
    for name in sorted(found) + sorted(tried.difference(found)):
        if not name.startswith("_"):
            _try(name, directory)
    return tuple(found)


def _try(name: str, directory: Path) -> None:
    if name == "plan":
        render.plan_page("A goal", _PLAN, directory)
        return
    if name == "mcp-inventory":
        render.inventory_page("sample", _TOOLS, directory)
        return
    page = name if name in ("role", "resume") else "briefing"
    for variant in Variant:
        for about in _READERS:
            render.page(page, replace(about, variant=variant, template=name), directory)
