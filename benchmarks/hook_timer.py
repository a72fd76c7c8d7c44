"""Runs in an agent's pane: HOOK CONVERSATION CALLS RESULT. Times the hooks of tool calls.

As Claude Code does: a shell runs the client, the payload on its standard input; the program waits
for the hook after the call, not for the one before it, which our settings call in the background.
"""

import json
import subprocess
import sys
import time
from pathlib import Path


def main(hook: str, conversation: str, calls: str, result: str) -> None:
    taken = []
    for number in range(int(calls)):
        start, started = time.perf_counter(), []
        for event in ("PreToolUse", "PostToolUse"):
            payload = {
                "hook_event_name": event,
                "session_id": conversation,
                "tool_name": "Bash",
                "tool_input": {"command": f"echo {number}"},
                "tool_response": {"stdout": f"{number}\n", "stderr": ""},
            }
            client = subprocess.Popen(["/bin/sh", "-c", hook], stdin=subprocess.PIPE)
            client.stdin.write(json.dumps(payload).encode())
            client.stdin.close()
            started.append(client)
        client.wait()
        taken.append(time.perf_counter() - start)
        for client in started:
            client.wait()
    draft = Path(f"{result}.new")
    draft.write_text(json.dumps(taken))
    draft.replace(result)


main(*sys.argv[1:])
