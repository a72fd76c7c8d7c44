"""What ``service status`` and ``service plan`` show."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tmux_orch.cli.table import listed
from tmux_orch.domain.boot import OnBoot
from tmux_orch.domain.errors import CouldNotTell, OrchError
from tmux_orch.rpc import client

if TYPE_CHECKING:
    from tmux_orch.config.registry import Registry
    from tmux_orch.service.subject import Subject

_INSTALL = "tmux-orch service install"
_POLICIES = {
    OnBoot.RESUME: "the teams are brought back, in waves",
    OnBoot.STATUS: "you are told; nothing is started",
    OnBoot.NOTHING: "nothing is done and nothing said",
}


def look(
    registry: Registry, what: Subject, environ: Mapping[str, str], platform: str
) -> dict[str, Any]:
    """Everything that can be found out without changing or starting anything."""
    from tmux_orch.service import acts
    from tmux_orch.service.written import Standing

    missing: list[dict[str, str]] = []
    files = {
        str(path): str(standing)
        for found in acts.standings(what, environ).values()
        for path, standing in found
        if standing is not Standing.ABSENT
    }
    for path, standing in files.items():
        if standing == Standing.OUTDATED:
            missing.append({"what": f"{path} is {standing}", "next": _INSTALL})
        elif standing != Standing.CURRENT:
            missing.append({"what": f"{path} is {standing}", "next": f"look at it: {path}"})
    units = _units(what, environ, missing) if files and platform != "darwin" else None
    block = _block(what, environ, missing)
    if not files and not block:
        missing.append({"what": "nothing is installed", "next": _INSTALL})
    advice: list[dict[str, str]] = []
    linger = _linger(advice) if units is not None else None
    daemon = _daemon(registry, units)
    if units and daemon.get("running") and not daemon["in_service"]:
        step = f"systemctl --user restart {what.name}"
        missing.append({"what": "the daemon runs outside its service", "next": step})
    return {
        "schema": "tmux-orch/service/1",
        "ok": not missing,
        "name": what.name,
        "registry": what.registry,
        "on_boot": _policy(registry, missing),
        "files": files,
        "units": units,
        "linger": linger,
        "crontab": block,
        "daemon": daemon,
        "missing": missing,
        "advice": advice,
    }


def _units(
    what: Subject, environ: Mapping[str, str], missing: list[dict[str, str]]
) -> dict[str, dict[str, Any]] | None:
    from tmux_orch.service import systemd

    manager = systemd.Manager(environ)
    if not manager.is_there():
        step = "log in as yourself, so that XDG_RUNTIME_DIR is set"
        missing.append({"what": "there is no systemd of yours to reach", "next": step})
        return None
    found = {}
    for unit in systemd.units(what):
        try:
            facts = manager.properties(unit)
        except CouldNotTell as error:
            missing.append({"what": error.message, "next": "systemctl --user status"})
            continue
        found[unit] = {
            "enabled": facts.get("UnitFileState", ""),
            "active": facts.get("ActiveState", ""),
            "pid": int(facts.get("MainPID") or 0) or None,
            "result": facts.get("Result", ""),
        }
        if found[unit]["enabled"] != "enabled":
            missing.append({"what": f"{unit} is not enabled", "next": _INSTALL})
        if found[unit]["active"] == "failed":
            step = f"systemctl --user status {unit}; then: tmux-orch daemon start"
            missing.append({"what": f"{unit} has failed ({facts.get('Result')})", "next": step})
        elif found[unit]["active"] != "active":
            step = f"systemctl --user start {unit}"
            missing.append({"what": f"{unit} does not run", "next": step})
    return found


def _linger(advice: list[dict[str, str]]) -> bool | None:
    from tmux_orch.service import systemd

    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        return None
    on = systemd.lingers(user)
    if on is False:
        words = "lingering is off: your services end when you log out, and start when you log in"
        advice.append({"what": words, "next": f"loginctl enable-linger {user}"})
    return on


def _block(what: Subject, environ: Mapping[str, str], missing: list[dict[str, str]]) -> bool | None:
    from tmux_orch.service import acts

    try:
        return acts.has_block(what, environ)
    except OrchError as error:
        missing.append({"what": error.message, "next": error.next_step or "crontab -l"})
        return None


def _daemon(registry: Registry, units: dict[str, dict[str, Any]] | None) -> dict[str, Any]:
    try:
        about = client.call("ping", start_daemon=False) if registry.root.is_dir() else None
    except OrchError:
        about = None
    if about is None:
        return {"running": False}
    pids = [unit["pid"] for unit in (units or {}).values()]
    return {"running": True, "pid": about["pid"], "in_service": about["pid"] in pids}


def _policy(registry: Registry, missing: list[dict[str, str]]) -> str:
    from tmux_orch.service import acts

    try:
        return str(acts.policy(registry))
    except OrchError as error:
        missing.append({"what": error.message, "next": error.next_step})
        return str(OnBoot.STATUS)


def lines(found: Mapping[str, Any]) -> list[str]:
    """Each fact with its mark, then what is missing with the next step."""
    shown: list[str] = []
    together: dict[tuple[str, str], list[str]] = {}
    for path, standing in found["files"].items():
        where, _, name = path.rpartition("/")
        together.setdefault((where, standing), []).append(name)
    for (where, standing), names in together.items():
        shown += listed("", "", "files", [*names, f"in {where}", standing])
    for unit, facts in (found["units"] or {}).items():
        pid = f", process {facts['pid']}" if facts["pid"] else ""
        shown += listed("", "", "unit", [f"{unit}: {facts['enabled']}, {facts['active']}{pid}"])
    if found["crontab"]:
        shown += listed("", "", "crontab", ["it has our lines"])
    if found["linger"]:
        shown += listed("", "", "lingering", ["on"])
    daemon = found["daemon"]
    words = f"running, process {daemon['pid']}" if daemon["running"] else "not running"
    shown += listed("", "", "daemon", [words])
    policy = found["on_boot"]
    shown += listed("", "", "after a restart", [f"{policy}: {_POLICIES[OnBoot(policy)]}"])
    for one in found["missing"]:
        shown += listed("look", "yellow", "missing", [one["what"], one["next"]])
    for one in found["advice"]:
        shown += listed("", "", "advice", [one["what"], one["next"]])
    return shown


def plan_lines(found: Mapping[str, Any]) -> list[str]:
    """The waves, one line each, and who is left out."""
    policy = OnBoot(found["on_boot"])
    shown = [f"after a restart of the machine: {policy} ({_POLICIES[policy]})"]
    if found["phase"] == "told":
        shown.append("it was restarted; bring each team back: auto-orchestrate --resume")
    elif found["phase"] == "returning":
        shown.append("it was restarted; the teams are being brought back now")
    if found["waves"] and policy is not OnBoot.RESUME and found["phase"] != "returning":
        shown.append("with tmux-orch service install --on-boot resume these would come back:")
    for number, wave in enumerate(found["waves"], 1):
        shown += listed("", "", f"wave {number}", [", ".join(wave)])
    for key, why in found["held"].items():
        shown += listed("look", "yellow", "held", [f"{key}: {why}", "comes back when that ends"])
    for name, why in found["gone"].items():
        shown += listed("bad", "red", "left out", [f"{name}: {why}"])
    if not (found["waves"] or found["held"] or found["gone"]):
        shown.append("no live team: nobody would be brought back")
    return shown
