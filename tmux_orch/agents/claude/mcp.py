"""The MCP servers configured for a project and its user: found by reading, nothing is started.

Arguments, environment, headers and the rest of an address may hold tokens, so none of them leaves
this module: a server is its name, its transport, and a program's name or a host.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROJECT_FILE = ".mcp.json"
USER_FILE = ".claude.json"
#: The user's file grows with every project; one of a few MB has been seen.
READ_LIMIT = 32 * 1024 * 1024
_PROGRAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@-]{0,59}")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}|[0-9a-fA-F:]{2,45}")
_TRANSPORTS = {"stdio": "stdio", "sse": "sse", "http": "http", "streamable-http": "http",
               "ws": "ws"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Server:
    """One configured server.

    Attributes:
        name: As configured; any text.
        transport: ``stdio``, ``http``, ``sse``, ``ws`` or ``unknown``.
        where: The command's program name or the URL's host; empty when it cannot be told.
        scope: Where it is configured, for a person.
    """

    name: str
    transport: str
    where: str
    scope: str


@dataclass(frozen=True, slots=True)
class Found:
    """The servers in the program's order of precedence, and one line per file not understood."""

    servers: tuple[Server, ...]
    notes: tuple[str, ...]


def find(root: Path, environment: Mapping[str, str]) -> Found:
    """Servers of the project at ``root`` and of the user whose ``environment`` this is.

    A name that is configured twice is listed once, as the program takes it: the user's entry for
    this project, then the project's file, then the user's entry for all projects. Never raises.
    """
    notes: list[str] = []
    shared = _servers(_json(root / PROJECT_FILE, notes), "the project's .mcp.json", notes)
    own = _json(user_file(environment), notes)
    everywhere = _servers(own, "the user's configuration", notes)
    here = _servers(_entry(own, root), "the user's configuration for this project", notes)
    chosen: dict[str, Server] = {}
    for server in (*here, *shared, *everywhere):
        chosen.setdefault(server.name, server)
    return Found(tuple(chosen.values()), tuple(notes))


def user_file(environment: Mapping[str, str]) -> Path:
    """``.claude.json`` in ``CLAUDE_CONFIG_DIR``, else in the home directory."""
    chosen = environment.get("CLAUDE_CONFIG_DIR") or environment.get("HOME", "/")
    return Path(chosen) / USER_FILE


def _json(path: Path, notes: list[str]) -> Mapping[str, Any]:
    """The object in ``path``; empty when there is none, with a note when it is not to be read."""
    try:
        # A FIFO or device must not make us wait.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        notes.append(f"{path.name}: {error.strerror}")
        return {}
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        notes.append(f"{path.name}: not a regular file")
        return {}
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(READ_LIMIT + 1)
    if len(data) > READ_LIMIT:
        notes.append(f"{path.name}: larger than {READ_LIMIT // (1024 * 1024)} MB")
        return {}
    try:
        body = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        # Nothing of the content is shown: it may hold tokens.
        notes.append(f"{path.name}: not JSON")
        return {}
    if not isinstance(body, dict):
        notes.append(f"{path.name}: not a JSON object")
        return {}
    return body


def _entry(own: Mapping[str, Any], root: Path) -> Mapping[str, Any]:
    projects = own.get("projects")
    entry = projects.get(str(root)) if isinstance(projects, dict) else None
    return entry if isinstance(entry, dict) else {}


def _servers(body: Mapping[str, Any], scope: str, notes: list[str]) -> list[Server]:
    configured = body.get("mcpServers", {})
    if not isinstance(configured, dict):
        notes.append(f"mcpServers of {scope}: not an object")
        return []
    found = []
    for name, entry in configured.items():
        if isinstance(entry, dict):
            found.append(_server(name, entry, scope))
        else:
            notes.append(f"one server of {scope}: not an object")
    return found


def _server(name: str, entry: Mapping[str, Any], scope: str) -> Server:
    url, command = entry.get("url"), entry.get("command")
    kind = entry.get("type", "stdio" if command is not None else "http" if url else "")
    transport = _TRANSPORTS.get(kind, "unknown") if isinstance(kind, str) else "unknown"
    where = ""
    if transport == "stdio" and isinstance(command, str):
        where = _program(command)
    elif transport != "stdio" and isinstance(url, str):
        where = _host(url)
    return Server(name, transport, where, scope)


def _program(command: str) -> str:
    """The last part of the command's path; nothing when it is more than a program's name."""
    words = command.split()
    name = words[0].replace("\\", "/").rpartition("/")[2] if words else ""
    return name if _PROGRAM.fullmatch(name) else ""


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host if _HOST.fullmatch(host) else ""
