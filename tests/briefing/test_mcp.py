"""MCP servers are found by reading; nothing that may be a secret is repeated."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmux_orch.agents.claude import mcp
from tmux_orch.briefing import render
from tmux_orch.briefing.facts import Tool, Tools

SECRET = "s3cr3t-t0ken"


def found(tmp_path: Path, project: object = None, user: object = None) -> mcp.Found:
    root, home = tmp_path / "project", tmp_path / "home"
    for path, name, body in ((root, ".mcp.json", project), (home, ".claude.json", user)):
        path.mkdir(exist_ok=True)
        if body is not None:
            text = body if isinstance(body, str) else json.dumps(body)
            (path / name).write_text(text)
    return mcp.find(root, {"HOME": str(home)})


def servers(**entries: object) -> dict[str, object]:
    return {"mcpServers": entries}


def test_servers_of_the_project_and_of_the_user_are_found_with_their_place(tmp_path: Path):
    here = servers(notes={"command": "/opt/bin/notes-mcp"})
    user = servers(web={"type": "http", "url": "https://mcp.example.com/x"})
    user["projects"] = {str(tmp_path / "project"): here, "/elsewhere": servers(other={})}
    got = found(tmp_path, servers(files={"command": "npx", "args": ["x"]}), user)
    assert got.servers == (
        mcp.Server("notes", "stdio", "notes-mcp", "the user's configuration for this project"),
        mcp.Server("files", "stdio", "npx", "the project's .mcp.json"),
        mcp.Server("web", "http", "mcp.example.com", "the user's configuration"),
    )
    assert got.notes == ()


def test_a_name_configured_twice_is_listed_once_as_the_program_takes_it(tmp_path: Path):
    user = servers(one={"command": "everywhere"})
    user["projects"] = {str(tmp_path / "project"): servers(one={"command": "here"})}
    got = found(tmp_path, servers(one={"command": "shared"}), user)
    assert [server.where for server in got.servers] == ["here"]


def test_the_configuration_directory_is_the_one_the_program_uses(tmp_path: Path):
    (tmp_path / ".claude.json").write_text(json.dumps(servers(a={"command": "b"})))
    environment = {"HOME": "/nonexistent", "CLAUDE_CONFIG_DIR": str(tmp_path)}
    assert [server.name for server in mcp.find(tmp_path, environment).servers] == ["a"]


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "npx", "args": ["--token", SECRET]},
        {"command": "npx", "env": {"TOKEN": SECRET}},
        {"command": f"/opt/{SECRET}/bin/run"},
        {"command": f"TOKEN={SECRET} run"},
        {"command": f"run --token {SECRET}"},
        {"command": f"sh -c 'TOKEN={SECRET} run'"},
        {"type": "http", "url": f"https://user:{SECRET}@mcp.example.com/"},
        {"type": "http", "url": f"https://mcp.example.com/{SECRET}?key={SECRET}#{SECRET}"},
        {"type": "sse", "url": "https://mcp.example.com", "headers": {"Authorization": SECRET}},
        {"type": SECRET, "url": "https://mcp.example.com"},
        {"type": "stdio", "url": f"https://{SECRET}", "command": f"${{TOKEN:-{SECRET}}}"},
        {"type": "http", "url": f"${{URL:-https://{SECRET}}}"},
        {"type": "http", "url": f"https://[{SECRET}"},
        {"headersHelper": SECRET, "oauth": {"clientSecret": SECRET}, "command": "npx"},
    ],
)
def test_arguments_environment_headers_and_paths_are_never_repeated(
    tmp_path: Path, entry: dict[str, object]
):
    got = found(tmp_path, servers(one=entry))
    assert len(got.servers) == 1
    assert SECRET not in repr(got)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_no_argument_or_environment_value_reaches_the_inventory(value: str):
    entry = {"command": "npx", "args": [value], "env": {"A": value}, "headers": {"B": value}}
    other = {"command": "npx"}
    notes: list[str] = []
    told = mcp._servers(servers(one=entry), "a file", notes)
    assert told == mcp._servers(servers(one=other), "a file", notes)


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", "7", '{"mcpServers": []}', '{"mcpServers": {"a": 1}}', "[" * 100_000,
     f"{{{SECRET}", '{"mcpServers": {"a": {"command": 1, "url": 2, "type": 3}}}', "\x00"],
)  # fmt: skip
def test_a_malformed_file_is_ignored_and_said_without_its_content(tmp_path: Path, body: str):
    got = found(tmp_path, body, servers(good={"command": "npx"}))
    assert [server.name for server in got.servers if server.where] == ["good"]
    assert got.notes or [server.transport for server in got.servers] == ["unknown", "stdio"]
    assert SECRET not in repr(got)
    assert found(tmp_path, servers(good={"command": "npx"}), body).servers[0].name == "good"


def test_what_is_no_file_is_said_and_never_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / ".mcp.json")
    (tmp_path / ".claude.json").mkdir()
    got = mcp.find(tmp_path, {"HOME": str(tmp_path)})
    assert got.servers == ()
    assert got.notes == (".mcp.json: not a regular file", ".claude.json: not a regular file")


def test_a_command_with_its_arguments_in_one_text_is_named_by_its_program(tmp_path: Path):
    got = found(tmp_path, servers(one={"command": f"/usr/bin/npx -y thing --key {SECRET}"}))
    assert [server.where for server in got.servers] == ["npx"]


def test_no_file_at_all_is_no_server_and_nothing_to_say(tmp_path: Path):
    assert found(tmp_path) == mcp.Found((), ())


def test_finding_changes_nothing(tmp_path: Path):
    found(tmp_path, servers(a={"command": "b"}), servers(c={"command": "d"}))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    mcp.find(tmp_path / "project", {"HOME": str(tmp_path / "home")})
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_the_inventory_lists_the_servers_and_what_could_not_be_read():
    tools = Tools((Tool("search", "http", "mcp.example.com", "a file"),), (".mcp.json: not JSON",))
    text = render.inventory_page("shop", tools)
    assert "- `search`: http, `mcp.example.com`, from a file" in text
    assert ".mcp.json: not JSON" in text
    assert "None." in render.inventory_page("shop", Tools())
