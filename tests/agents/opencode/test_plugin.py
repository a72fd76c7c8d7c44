"""Our plugin alone, run by Node.js with a program that is only pretended."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.whole.conftest import is_zombie
from tmux_orch.agents.opencode import launch

SOURCE = Path(launch.__file__).with_name(launch.PLUGIN)
DRIVER = """
import fs from "node:fs"
import { TmuxOrch } from "./plugin.mjs"
const script = JSON.parse(fs.readFileSync(0, "utf8"))
const did = []
const call = (name, answer) => async (given) => (did.push([name, given]), { data: answer })
const client = {
  session: {
    get: call("get", script.session ?? {}),
    promptAsync: call("prompt"),
    messages: call("messages", script.messages ?? []),
  },
  config: { providers: call("providers", { providers: [] }) },
  _client: { post: call("post") },
}
const hooks = await TmuxOrch({ client }, script.options)
for (const [name, ...given] of script.calls) {
  if (name === "pause") await new Promise((done) => setTimeout(done, given[0]))
  else await hooks[name](...given)
}
await new Promise((done) => setTimeout(done, script.wait ?? 50))
console.log(JSON.stringify({ did, calls: script.calls }))
process.exit(0)
"""


class Program:
    """One pretended opencode process with our plugin in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copy(SOURCE, root / "plugin.mjs")
        (root / "driver.mjs").write_text(DRIVER)
        self.answers("{}")
        self.options: dict[str, Any] = {
            "conversation": "c-1",
            "session": "",
            "prompt": "",
            "state": str(root / "state.json"),
            "transcript": str(root / "t.jsonl"),
            "hook": str(root / "hook"),
            "instructions": "/private/role.md",
            "permission": {},
        }

    def answers(self, body: str, event: str = "") -> None:
        """What the hook client prints (for one event); it writes down what it was given."""
        answer = f"*{event}*) printf '%s' '{body}' ;;" if event else ""
        hook = self.root / "hook"
        hook.write_text(
            f"#!/bin/sh\ngiven=$(cat)\nprintf '%s\\n' \"$given\" >> {self.root}/hooks\n"
            f'case "$given" in {answer} *) ;; esac\n'
        )
        hook.chmod(0o700)

    def run(self, *calls: list[Any], **more: Any) -> dict[str, Any]:
        script = {"options": self.options, "calls": calls, **more}
        done = subprocess.run(
            ["node", "driver.mjs"], cwd=self.root, input=json.dumps(script), text=True,
            capture_output=True, timeout=30, check=True,
        )  # fmt: skip
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / "state.json").read_text())
        return found

    def lines(self) -> list[tuple[str, str]]:
        text = (self.root / "t.jsonl").read_text() if (self.root / "t.jsonl").exists() else ""
        return [(e["type"], e["text"]) for e in map(json.loads, text.splitlines())]

    def hooks(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.root / "hooks").read_text().splitlines()]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def event(kind: str, **properties: Any) -> list[Any]:
    return ["event", {"event": {"type": kind, "properties": {"sessionID": "ses_1", **properties}}}]


def said(role: str, message: str, part: str, text: str, **more: Any) -> list[list[Any]]:
    info = {"id": message, "role": role, **more}
    body = {"id": part, "messageID": message, "type": "text", "text": text, "time": {"end": 1}}
    return [event("message.updated", info=info), event("message.part.updated", part=body)]


CREATED = event("session.created", info={})
BUSY = event("session.status", status={"type": "busy"})
IDLE = event("session.status", status={"type": "idle"})


@pytest.mark.parametrize(
    ("theirs", "merged"),
    [
        (None, {"scm *": "allow", "git add *": "allow"}),
        ({"bash": "ask"}, {"*": "ask", "scm *": "allow", "git add *": "allow"}),
        ("ask", {"scm *": "allow", "git add *": "allow"}),
        ({"bash": {"*": "allow", "git *": "deny"}},
         {"*": "allow", "git *": "deny", "scm *": "allow"}),
        ({"bash": {"git add": "deny"}}, {"git add": "deny", "scm *": "allow"}),
        ({"bash": "deny"}, {"*": "deny"}),
    ],
)  # fmt: skip
def test_what_is_ours_is_added_and_a_persons_denial_stands(
    program: Program, theirs: Any, merged: dict[str, str]
) -> None:
    program.options["permission"] = {"bash": {"scm *": "allow", "git add *": "allow"}}
    config = {"instructions": ["theirs.md"]} | ({"permission": theirs} if theirs else {})
    after = program.run(["config", config])["calls"][0][1]
    assert after["instructions"] == ["theirs.md", "/private/role.md"]
    assert list(after["permission"]["bash"].items()) == list(merged.items())


def test_edits_may_pass_but_not_a_mates_nor_what_a_person_denies(program: Program) -> None:
    program.options["permission"] = {"edit": {"*": "allow", "../mate/*": "deny"}}
    for theirs in ({"*": "ask", "*.env": "deny"}, {"*.env": "deny"}):
        given = {"permission": {"edit": theirs}}
        after = program.run(["config", given])["calls"][0][1]["permission"]["edit"]
        assert after == {"*": "allow", "*.env": "deny", "../mate/*": "deny"}
        assert next(iter(after)) == "*"  # the last that matches counts


def test_a_prompt_is_queued_until_the_model_is_asked_with_it(program: Program) -> None:
    program.run(CREATED, BUSY, *said("user", "msg_1", "prt_1", "[brief 0badcafe]"))
    assert program.lines() == [("queued", "[brief 0badcafe]")]
    assert stat.S_IMODE((program.root / "t.jsonl").stat().st_mode) == 0o600
    program.run(
        CREATED, BUSY,
        *said("user", "msg_1", "prt_1", "one"), *said("user", "msg_3", "prt_3", "two"),
        *said("assistant", "msg_2", "prt_2", "spoken", parentID="msg_1"),
    )  # fmt: skip
    assert program.lines()[1:] == [
        ("queued", "one"), ("queued", "two"), ("taken", "one"), ("answer", "spoken"),
    ]  # fmt: skip


def test_a_turns_end_is_idle_only_after_the_hook_had_nothing_to_hand_over(
    program: Program,
) -> None:
    program.answers('{"decision": "block", "reason": "[from pm · msg 0000aaaa] more"}', "Stop")
    body = program.run(CREATED, BUSY, IDLE, wait=400)
    prompts = [given for name, given in body["did"] if name == "prompt"]
    assert [p["body"]["parts"][0]["text"] for p in prompts] == ["[from pm · msg 0000aaaa] more"]
    assert program.state()["status"] == "busy"
    program.answers("{}")
    program.run(CREATED, BUSY, IDLE, wait=400)
    assert program.state()["status"] == "idle"
    assert {hook["session_id"] for hook in program.hooks()} == {"c-1"}


def test_what_a_helper_says_is_not_the_agents(program: Program) -> None:
    other = {"type": "idle"}
    program.run(
        CREATED, BUSY, ["event", {"event": {"type": "session.status", "properties": {
            "sessionID": "ses_2", "status": other}}}], wait=200,
    )  # fmt: skip
    assert program.state()["status"] == "busy" and not (program.root / "hooks").exists()


@pytest.mark.parametrize(
    ("behavior", "reply"),
    [("allow", {"reply": "once"}), ("deny", {"reply": "reject", "message": "not here"})],
)
def test_a_permission_is_asked_with_what_will_run_and_answered_by_the_api(
    program: Program, behavior: str, reply: dict[str, str]
) -> None:
    decision = {"behavior": behavior, "message": "not here"}
    program.answers(json.dumps({"hookSpecificOutput": {"decision": decision}}), "PermissionRequest")
    body = program.run(
        CREATED, BUSY,
        ["tool.execute.before", {"tool": "bash", "callID": "c7"}, {"args": {"command": "rm x"}}],
        event("permission.asked", id="per_1", permission="bash", patterns=["rm *"],
              tool={"callID": "c7"}),
        BUSY, wait=400,
    )  # fmt: skip
    assert program.hooks()[0]["tool_input"] == {"command": "rm x"}
    (post,) = [given for name, given in body["did"] if name == "post"]
    assert post["path"] == {"requestID": "per_1"} and post["body"] == reply
    assert (program.state()["status"], program.state()["waitingFor"]) == ("waiting", "permission")


def test_an_answer_at_the_terminal_ends_the_question_to_us(program: Program) -> None:
    waits = f"#!/bin/sh\necho $$ > {program.root}/pid\nexec sleep 20\n"
    (program.root / "hook").write_text(waits)
    body = program.run(
        CREATED, BUSY, event("permission.asked", id="per_1", permission="bash", patterns=[]),
        ["pause", 200], BUSY, ["pause", 50],
        event("permission.replied", requestID="per_1", reply="once"), wait=200,
    )  # fmt: skip
    assert program.state()["status"] == "busy"
    assert [name for name, _ in body["did"] if name == "post"] == []
    pid = int((program.root / "pid").read_text())
    assert is_zombie(pid)  # who still decides about it is told that it is over


def test_a_resumed_conversation_tells_what_a_killed_plugin_could_not_write(
    program: Program,
) -> None:
    program.options |= {"session": "ses_1", "prompt": "You were restarted. [back 1]"}

    def message(role: str, number: int, text: str, **more: Any) -> dict[str, Any]:
        part = {"id": f"prt_{number}", "type": "text", "text": text, "time": {"end": 1}}
        return {"info": {"id": f"msg_{number}", "role": role, **more}, "parts": [part]}

    messages = [
        message("user", 1, "first"),
        message("assistant", 2, "yes", parentID="msg_1"),
        message("user", 3, "never asked"),
    ]
    body = program.run(event("catalog.updated"), messages=messages, wait=200)
    assert program.lines() == [("taken", "first"), ("answer", "yes"), ("queued", "never asked")]
    prompts = [given for name, given in body["did"] if name == "prompt"]
    assert [p["body"]["parts"][0]["text"] for p in prompts] == ["You were restarted. [back 1]"]
    program.run(event("catalog.updated"), messages=messages, wait=200)
    assert len(program.lines()) == 3  # nothing is told twice
