"""After a restart of the machine: the person is told, or the teams are brought back in waves."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tmux_orch.agents import memory
from tmux_orch.config import service_file
from tmux_orch.config.files import read_private, write_atomically
from tmux_orch.domain.boot import Boot, OnBoot, Phase, noticed, startable, wave_size, waves
from tmux_orch.domain.errors import Absent, BadInput, Busy, CouldNotTell, OrchError
from tmux_orch.domain.seat import Seat
from tmux_orch.store.projects import Project
from tmux_orch.team.up import Up
from tmux_orch.upkeep.bring_back import bring_back

_log = logging.getLogger(__name__)

FILE = "boot.json"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
#: For tests: another file than the kernel's.
VARIABLE = "TMUX_ORCH_BOOT_ID_FILE"
#: Holds end within minutes or hours, and a person's own act within seconds.
ROUND_S = 3.0
STOP_S = 10.0
WHY = "the machine was restarted"
NOTICE = f"{WHY}; bring the team back: auto-orchestrate --resume"


class AfterBoot:
    """Deals with one restart of the machine, once, whenever the daemon is started after it.

    Args:
        up: The main job.
        environ: The daemon's environment.
    """

    def __init__(self, up: Up, environ: Mapping[str, str] = os.environ) -> None:
        self._up, self._parts = up, up.parts
        self._source = Path(environ.get(VARIABLE) or BOOT_ID)
        self._file = self._parts.registry.root / FILE
        #: Told of those who went down with the machine: nobody else starts them again.
        self.leave: Callable[[Sequence[Seat], str], None] = lambda _seats, _why: None
        self._boot: Boot | None = None
        # Keys that were brought back, or could not be: each is tried once.
        self._tried: set[str] = set()
        self._number = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="after boot", daemon=True)

    def start(self) -> None:
        """Look whether the machine was restarted, and begin with what the person wants then.

        To be called when the living agents have been taken up.
        """
        try:
            self._look()
        except (OrchError, OSError) as error:
            _log.warning("whether the machine was restarted cannot be told: %s", error)
        if self._boot is not None and self._boot.phase is not Phase.SETTLED:
            self._thread.start()

    def stop(self) -> None:
        """Start nobody any more; what was begun is gone on with by the next daemon."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def notice(self, project: Project) -> str:
        """What the person should know of a team that went down with the machine; else empty."""
        if self._boot is None or self._boot.phase is not Phase.TOLD:
            return ""
        return NOTICE if any(seat.project == project.name for seat in self._absent()) else ""

    def plan(self) -> dict[str, Any]:
        """What would be brought back after a restart of the machine, wave by wave.

        Of a restart that has happened: what is still down.
        """
        phase = self._boot.phase if self._boot is not None else Phase.SETTLED
        seats = self._parts.up_seats() if phase is Phase.SETTLED else self._absent()
        gone = {name: why for name in {s.project for s in seats} if (why := self._gone(name))}
        seats = [seat for seat in seats if seat.project not in gone]
        keys, held = [seat.key for seat in seats], self._held(seats)
        ready = startable(keys, held.get)
        return {
            "on_boot": str(self._policy()),
            "phase": str(phase),
            "waves": [list(wave) for wave in waves(ready, _size())],
            "held": {key: why for key, why in held.items() if why is not None},
            "gone": gone,
        }

    # --- noticing -----------------------------------------------------------------------------

    def _look(self) -> None:
        boot_id = self._source.read_text("ascii").strip()
        stored = self._stored()
        # tmux is asked only where the answer counts: this is the start of every daemon.
        lives = stored is not None and stored.boot_id != boot_id and self._server_lives()
        now = noticed(stored, boot_id, lives, self._policy())
        if now != stored:
            if stored is not None and not lives:
                now = self._note_down(now)
            self._keep(now)
        self._boot = now

    def _note_down(self, boot: Boot) -> Boot:
        """One event per team that went down; nothing is left to do where there is none."""
        down = self._absent()
        self.leave(down, "went down with the machine")
        if boot.phase is Phase.SETTLED:
            return boot
        for name in dict.fromkeys(seat.project for seat in down):
            agents = [seat.name for seat in down if seat.project == name]
            kind = "boot.returning" if boot.phase is Phase.RETURNING else "boot.down"
            self._parts.events.append(kind, name, None, {"agents": agents})
        return boot if down else boot.moved(Phase.SETTLED)

    def _stored(self) -> Boot | None:
        try:
            data = json.loads(read_private(self._file, 65536))
            return Boot(str(data["boot_id"]), Phase(data["phase"]))
        except Absent:
            return None
        except (ValueError, KeyError, TypeError, RecursionError):
            _log.warning("%s is damaged; it is written anew", self._file)
            return None

    def _keep(self, boot: Boot) -> None:
        write_atomically(self._file, json.dumps(asdict(boot)).encode() + b"\n")

    def _policy(self) -> OnBoot:
        try:
            return service_file.read(self._parts.registry).on_boot
        except BadInput as error:
            _log.warning("%s", error.line())
            return OnBoot.STATUS

    def _server_lives(self) -> bool:
        try:
            return self._parts.server.identity() is not None
        except CouldNotTell:
            return True  # one that does not answer is there

    # --- who is down --------------------------------------------------------------------------

    def _absent(self) -> list[Seat]:
        """Wanted, and not seen by this daemon: the machine's restart ended them."""
        return [seat for seat in self._parts.up_seats() if self._parts.board.seat(seat.key) is None]

    def _held(self, seats: Sequence[Seat]) -> dict[str, str | None]:
        return {seat.key: self._parts.board.held(seat) for seat in seats}

    def _gone(self, name: str) -> str:
        """Why a project cannot be brought back, from a look at its directory; else empty."""
        project = self._project(name)
        if project is None:
            return "it is not known any more"
        return "" if Path(project.path).is_dir() else f"there is no directory {project.path}"

    def _project(self, name: str) -> Project | None:
        return next((p for p in self._parts.projects.all() if p.name == name), None)

    # --- bringing back ------------------------------------------------------------------------

    def _run(self) -> None:
        while self._boot is not None and self._boot.phase is not Phase.SETTLED:
            try:
                worked = self.round()
            except Exception:  # noqa: BLE001 - the next round may do better
                _log.exception("a round after the machine's restart failed")
                worked = False
            if self._stop.wait(0 if worked else ROUND_S):
                return

    def round(self) -> bool:
        """One wave, or a look whether everybody is there; whether a wave was started."""
        assert self._boot is not None  # noqa: S101 - the thread is started with one
        down = [seat for seat in self._absent() if seat.key not in self._tried]
        if not down:
            self._boot = self._boot.moved(Phase.SETTLED)
            self._keep(self._boot)
            return False
        if self._boot.phase is Phase.TOLD:
            return False
        ready = startable([seat.key for seat in down], self._held(down).get)
        wave = ready[: _size()]
        if not wave:
            return False
        by_project: dict[str, list[str]] = {}
        for seat in down:
            if seat.key in wave:
                by_project.setdefault(seat.project, []).append(seat.key)
        self._number += 1
        with ThreadPoolExecutor(len(by_project), "after boot") as pool:
            return any(list(pool.map(self._bring_back, by_project, by_project.values())))

    def _bring_back(self, name: str, keys: list[str]) -> bool:
        """One project's part of a wave; whether it was dealt with."""
        events, number = self._parts.events, self._number
        try:
            if why := self._gone(name):
                raise BadInput(why)
            project = self._project(name)
            assert project is not None  # noqa: S101 - just looked at
            with self._up.holds.hold(project.path, unasked=True):
                events.append("boot.wave", name, None, {"wave": number, "agents": keys})
                outcomes = bring_back(self._up, project, keys, why=WHY)
        except Busy:
            return False  # the person's own act: what it leaves is looked at in the next round
        except OrchError as error:
            return self._given_up(name, error.line())
        except Exception:  # noqa: BLE001 - a fault of ours counts, lest it be repeated for ever
            _log.exception("%s could not be brought back", ", ".join(keys))
            return self._given_up(name, "an error that nobody foresaw; the daemon's log has it")
        self._tried |= set(keys)
        failed = [o for o in outcomes if o.trouble]
        for one in failed:
            events.append("boot.left", name, one.seat.key, {"reason": one.trouble})
        return True

    def _given_up(self, name: str, reason: str) -> bool:
        # The whole project, so that a directory that vanished is told once and not per wave.
        self._tried |= {seat.key for seat in self._absent() if seat.project == name}
        self._parts.events.append("boot.left", name, None, {"reason": reason})
        return True


def _size() -> int:
    room = memory.room()
    free = None if room is None else room.free_mb * 1_000_000
    return wave_size(len(os.sched_getaffinity(0)), free)
