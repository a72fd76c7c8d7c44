"""Runs in an agent's pane: HOOK CONVERSATION CALLS RESULT. Times the hooks of tool calls.

As Claude Code does: a shell runs the client, the payload on its standard input, the program waits.
"""

import json
import subprocess
import sys
import time
from pathlib import Path


def main(hook: str, conversation: str, calls: str, result: str) -> None:
    taken = []
    for number in range(int(calls)):
        start = time.perf_counter()
        for event in ("PreToolUse", "PostToolUse"):
            payload = {
                "hook_event_name": event,
                "session_id": conversation,
                "tool_name": "Bash",
                "tool_input": {"command": f"echo {number}"},
                "tool_response": {"stdout": f"{number}\n", "stderr": ""},
            }
            subprocess.run(["/bin/sh", "-c", hook], input=json.dumps(payload).encode(), check=True)
        taken.append(time.perf_counter() - start)
    draft = Path(f"{result}.new")
    draft.write_text(json.dumps(taken))
    draft.replace(result)


main(*sys.argv[1:])
