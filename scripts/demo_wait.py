"""The second half of scripts/demo: wait for visible work, then print what to type next."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

# A real agent needs minutes for its first commit, a rehearsal agent seconds.
DEADLINE_S = 600.0
LOOK_EVERY_S = 0.5


def ask(command: Path, project: Path, *words: str) -> dict[str, Any]:
    """One of our commands with ``--json``, run in the project."""
    done = subprocess.run(
        [str(command), *words, "--json"], cwd=project, capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def missing(status: dict[str, Any], messages: dict[str, Any]) -> dict[str, str]:
    """What each agent has not yet done: agent → ``commit``, ``report`` or both."""
    project = status["project"]["name"]
    reported = {
        message["sender"]
        for message in messages["messages"]
        if message["to"] == f"{project}/orchestrator" and message["state"] == "delivered"
    }
    left = {}
    for agent in status["agents"]:
        name = agent["name"]
        todo = [] if agent["commits_ahead"] else ["commit"]
        if name != "orchestrator" and f"{project}/{name}" not in reported:
            todo.append("report")
        if todo:
            left[name] = " and ".join(todo)
    return left


def main(binaries: Path, project: Path) -> int:
    """Wait, show, explain; 0 when every agent did its visible work."""
    tmux_orch = binaries / "tmux-orch"
    end = time.monotonic() + DEADLINE_S
    shown: dict[str, str] = {}
    print("\nWaiting until each agent made a commit and reported to the hub ...", flush=True)
    while True:
        messages = ask(tmux_orch, project, "messages", "--limit", "200")
        left = missing(ask(tmux_orch, project, "status"), messages)
        for name in shown.keys() - left.keys():
            print(f"  {name}: done", flush=True)
        shown = left
        if not left or time.monotonic() > end:
            break
        time.sleep(LOOK_EVERY_S)
    for name, todo in left.items():
        print(f"  {name}: still to do: {todo}")
    print(flush=True)
    subprocess.run([str(tmux_orch), "status"], cwd=project, check=False)
    where = f"--project {project}"
    print(
        f"\nLook at the team:   {tmux_orch} attach {where}"
        f'\nTalk to the hub:    cd {project} && {binaries / "scm"} orchestrator "hello"'
        f"\nStop the team:      {tmux_orch} stop {where} --yes"
        f"\nRemove it:          {tmux_orch} remove {where}"
    )
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
