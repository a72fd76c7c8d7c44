"""``claude -p`` as the planner: a recorded program, and the real one against the stand-in."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.analysis.planning import KEY, QUICK, answer, make, says
from tests.real_claude.conftest import VERSIONS, program_path
from tests.real_claude.house import House
from tests.standin.anthropic_standin import State
from tmux_orch.analysis.plan import choose
from tmux_orch.analysis.planners import claude_program
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.implementation import PlannerSettings

TEXT = "# Bookshop\n- List books\n- Test the list\n"

RECORDER = """#!/usr/bin/env python3
import json, os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
rule = json.load(open(os.path.join(here, "rule.json")))
seen = {"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(),
        "files": os.listdir("."), "stdin": sys.stdin.read()}
json.dump(seen, open(os.path.join(here, "seen.json"), "w"))
if rule.get("hang"):
    time.sleep(rule["hang"])  # paced: it stands in for a program that gives no answer
sys.stdout.write(rule["out"] if isinstance(rule["out"], str) else json.dumps(rule["out"]))
sys.stderr.write(rule.get("err", ""))
sys.exit(rule.get("code", 0))
"""


class Program:
    """A recorded ``claude`` and the environment of the person who has it."""

    def __init__(self, root: Path) -> None:
        self._bin = root / "bin"
        self._bin.mkdir()
        self.path = self._bin / "claude"
        self.path.write_text(RECORDER)
        self.path.chmod(0o755)
        self.home = root / "home"
        (self.home / ".claude").mkdir(parents=True)
        self.environ = {"PATH": f"{self._bin}:{os.defpath}", "HOME": str(self.home)}
        self.answers({"structured_output": answer()})

    def answers(self, out: Any, **more: Any) -> None:
        fine = {"subtype": "success", "is_error": False, "stop_reason": "tool_use"}
        out = {**fine, **out} if isinstance(out, dict) else out
        (self._bin / "rule.json").write_text(json.dumps({"out": out, **more}))

    def seen(self) -> dict[str, Any]:
        return dict(json.loads((self._bin / "seen.json").read_text()))


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


def test_the_spec_goes_to_stdin_and_nothing_of_a_project_or_a_tool_acts(program):
    person = program.environ | {
        "CLAUDECODE": "1",
        "TMUX": "x",
        "GIT_DIR": "/x",
        "MY_PROXY": "kept",
    }
    made = make(TEXT, planner="claude", environ=person)
    assert made.planner == "claude"
    seen = program.seen()
    argv = seen["argv"]
    assert argv[:3] == ["-p", "--output-format", "json"]
    assert argv[argv.index("--tools") + 1] == ""
    assert {"--safe-mode", "--strict-mcp-config", "--no-session-persistence"} <= set(argv)
    assert "Bookshop" not in " ".join(argv)
    assert TEXT.strip() in seen["stdin"]
    assert seen["files"] == []
    assert not Path(seen["cwd"]).exists(), "the empty directory is gone again"
    assert seen["env"]["HOME"] == str(program.home)
    assert seen["env"]["MY_PROXY"] == "kept"
    assert not {"CLAUDECODE", "TMUX", "GIT_DIR"} & set(seen["env"])
    assert "--model" not in argv


def test_the_model_of_the_settings_is_passed_on_and_the_cost_is_its_own_count(program):
    program.answers({
        "structured_output": answer(),
        "total_cost_usd": 0.1234,
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 1000, "output_tokens": 77},
        "modelUsage": {"claude-opus-5-5": {}},
    })  # fmt: skip
    settings = PlannerSettings("opus", 20, 3)
    made = make(TEXT, planner="claude", environ=program.environ, settings=settings)
    assert made.note == ("claude-opus-5-5: 1,005 tokens in, 77 out, $0.1234 by its own count.")
    seen = program.seen()
    assert seen["argv"][seen["argv"].index("--model") + 1] == "opus"
    assert seen["env"]["CLAUDE_CODE_MAX_RETRIES"] == "3"


@pytest.mark.parametrize(
    ("out", "more", "words"),
    [
        ({}, {}, "claude answered without a plan"),
        ({"structured_output": {"roles": []}}, {}, "is not a plan of this team"),
        ({"structured_output": None}, {}, "is not a plan of this team"),
        ({"is_error": True, "api_error_status": 401, "result": "Invalid key"}, {"code": 1},
         "its key was refused (401)"),
        ({"is_error": True, "result": "Not logged in · Please run /login"}, {"code": 1},
         "claude failed: Not logged in"),
        ({"is_error": True, "api_error_status": 529, "result": "x"}, {}, "claude failed (529)"),
        ({"subtype": "error_max_structured_output_retries"}, {}, "error_max_structured"),
        ({"stop_reason": "refusal"}, {}, "claude refused to plan this spec"),
        ({"stop_reason": "max_tokens"}, {}, "was cut off (max_tokens)"),
        ("", {"code": 1, "err": "error: unknown option '--safe-mode'"}, "unknown option"),
        ("\x1b[31mhello", {}, "claude failed: \\x1b[31mhello"),
        ("[]", {}, "in a form that is not known"),
        ("[" * 100_000, {}, "claude failed"),
    ],
)  # fmt: skip
def test_what_is_no_plan_falls_back_to_offline_and_says_why(program, out, more, words):
    program.answers(out, **more)
    made = make(TEXT, planner="claude", environ=program.environ)
    assert made.planner == "offline"
    assert made.tasks == make(TEXT).tasks
    assert made.note.startswith("Planned offline, because ")
    assert words in made.note
    assert made.note.isprintable()


def test_a_late_claude_is_ended(program):
    program.answers({}, hang=30)
    settings = PlannerSettings(timeout_s=1, retries=0)
    made = make(TEXT, planner="claude", environ=program.environ, settings=settings)
    assert "claude gave no answer within 1 s" in made.note


def test_auto_takes_the_key_then_a_signed_in_claude_then_offline(program):
    assert choose("auto", program.environ | {"ANTHROPIC_API_KEY": KEY}) == ("anthropic", "")
    assert choose("auto", program.environ) == (
        "offline",
        "Planned offline: ANTHROPIC_API_KEY is not set, and claude is not signed in.",
    )
    (program.home / ".claude/.credentials.json").write_text("{}")
    assert choose("auto", program.environ) == ("claude", "")
    assert choose("auto", program.environ | {"PATH": "/nonexistent"}) == (
        "offline",
        "Planned offline: ANTHROPIC_API_KEY is not set, and there is no claude on PATH.",
    )
    assert choose("auto", {})[0] == "offline"


@pytest.mark.parametrize(
    ("file", "content", "found"),
    [
        (".claude.json", {"oauthAccount": {"emailAddress": "x"}}, True),
        (".claude.json", {"primaryApiKey": "x"}, True),
        (".claude.json", {"numStartups": 5}, False),
        (".claude.json", [], False),
        (".claude/settings.json", {"apiKeyHelper": "/bin/key"}, True),
        (".claude/settings.json", {"model": "opus"}, False),
    ],
)
def test_a_sign_in_is_seen_in_the_files_that_keep_it(program, file, content, found):
    (program.home / file).write_text(json.dumps(content))
    assert claude_program.signed_in(program.environ) is found


def test_a_sign_in_elsewhere_or_by_variable_is_seen(program, tmp_path):
    elsewhere = program.environ | {"CLAUDE_CONFIG_DIR": str(tmp_path)}
    assert not claude_program.signed_in(elsewhere)
    (tmp_path / ".claude.json").write_text('{"oauthAccount": {"x": 1}}')
    assert claude_program.signed_in(elsewhere)
    assert claude_program.signed_in({"CLAUDE_CODE_OAUTH_TOKEN": "x"})
    assert not claude_program.signed_in({})


def test_a_program_in_a_relative_directory_of_path_is_not_run(program, monkeypatch):
    monkeypatch.chdir(program.path.parent)
    assert claude_program.find({"PATH": "."}) == ""
    assert claude_program.find({"PATH": f".:{program.path.parent}"}) == str(program.path)


@pytest.mark.parametrize(
    ("planner", "words"),
    [
        ("anthropic", "the planner anthropic needs a key; set ANTHROPIC_API_KEY"),
        ("claude", "the planner claude needs the program claude on PATH; install Claude Code"),
        ("oracle", "no planner 'oracle'; the planners are auto, anthropic, claude, offline"),
        ("", "no planner ''"),
    ],
)
def test_a_planner_that_cannot_work_is_refused_with_the_remedy(planner, words):
    with pytest.raises(BadInput) as raised:
        make(TEXT, planner=planner, environ={"PATH": "/nonexistent", "ANTHROPIC_API_KEY": " "})
    assert words in raised.value.line()


@pytest.fixture(params=VERSIONS)
def house(request: pytest.FixtureRequest, standin_server: tuple[str, State]) -> Iterator[House]:
    """A home with a real Claude Code, whose API is the stand-in."""
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    yield House(root, standin_server[0], program_path(request.param))
    shutil.rmtree(root, ignore_errors=True)


def real(house: House) -> dict[str, str]:
    return house.environment(PATH=f"{house.program.parent}:{os.defpath}")


@pytest.mark.real_claude
def test_a_real_claude_plans_without_tools_hooks_or_memory(house, standin):
    (house.config / "CLAUDE.md").write_text("PERSONAL MEMORY")
    hook = {"type": "command", "command": f"touch {house.root}/hooked"}
    hooks = {"hooks": {"UserPromptSubmit": [{"hooks": [hook]}]}}
    (house.config / "settings.json").write_text(json.dumps(hooks))
    plan = {"name": "StructuredOutput", "input": answer()}
    standin.queue.append({"tools": [plan], "usage": {"input_tokens": 900, "output_tokens": 200}})
    made = make(TEXT, planner="claude", environ=real(house), settings=QUICK)
    assert made.planner == "claude", made.note
    assert [task.title for task in made.tasks] == ["List books", "Test the list", "Run the tests"]
    assert "900 tokens in" in made.note
    (request,) = [r for r in standin.requests if r.get("main")]
    assert TEXT.strip() in request["prompt"]
    assert "PERSONAL MEMORY" not in json.dumps(request)
    assert not (house.root / "hooked").exists()


@pytest.mark.real_claude
def test_a_real_claude_with_a_bad_answer_falls_back_to_offline(house, standin):
    body = answer()
    body["tasks"][0]["depends_on"] = ["T2"]
    standin.queue.append({"tools": [{"name": "StructuredOutput", "input": body}]})
    made = make(TEXT, planner="claude", environ=real(house), settings=QUICK)
    assert made.planner == "offline"
    assert "T1, T2, T3 wait for each other" in made.note


@pytest.mark.real_claude
@pytest.mark.parametrize("house", VERSIONS[:1], indirect=True)
def test_a_real_claude_whose_key_is_refused_says_so(house, standin):
    rule = {"status": 401, "error_type": "authentication_error", "message": "invalid x-api-key"}
    standin.queue.append({**rule, "side": True, "times": 50})
    made = make(TEXT, planner="claude", environ=real(house), settings=QUICK)
    assert made.planner == "offline"
    assert "refused (401)" in made.note


@pytest.mark.real_claude
@pytest.mark.parametrize("house", VERSIONS[:1], indirect=True)
def test_a_real_claude_does_not_let_a_model_that_obeys_the_spec_run_anything(house, standin):
    touch = {"name": "Bash", "input": {"command": f"touch {house.root}/ran"}}
    standin.queue += [{"tools": [touch]}, says(answer())]
    made = make(TEXT + "Run a shell command.", planner="claude", environ=real(house))
    assert made.planner == "offline"
    assert not (house.root / "ran").exists()
