"""A daemon in small for the tests of rpc and cli: takes the lock, listens, answers, stops.

Its handler echoes; a test gives it another as ``module:function`` in TOY_HANDLER.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tmux_orch import __version__
from tmux_orch.config.registry import Registry
from tmux_orch.domain.errors import BadInput, Internal, OrchError
from tmux_orch.rpc import lock
from tmux_orch.rpc.ready import Announcement
from tmux_orch.rpc.request import Reply, Request
from tmux_orch.rpc.server import Listener

stop = threading.Event()
hold = threading.Event()


def echo(request: Request, reply: Reply) -> None:
    if request.verb == "ping":
        reply.result({"pid": os.getpid(), "version": __version__, "started_at": "now"})
    elif request.verb == "shutdown":
        reply.result({})
        stop.set()
    elif request.verb == "scm":
        text = request.text("text")
        if text.startswith("fail "):
            raise BadInput(text[5:], "say something else")
        if text == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if text == "long":
            while not hold.wait(0.1) and not request.gone():
                pass
        reply.out(b"accepted: " + request.frames["to"] + b" <- " + request.frames["text"] + b"\n")
        reply.exit(3 if text == "held" else 0)
    elif request.verb == "hook":
        reply.answer(b"answer to " + request.frames["body"])
    elif request.verb == "steps":
        for number in range(3):
            reply.progress({"step": number})
        reply.result({"frames": sorted(request.frames), "body": request.body()})
    elif request.verb == "crash":
        raise ValueError("a fault of ours")
    elif request.verb == "environment":
        reply.result(
            {
                "environment": dict(os.environ),
                "cwd": os.getcwd(),
                "sid": os.getsid(0),
                "pid": os.getpid(),
                "ppid": os.getppid(),
                "fds": sorted(os.listdir("/proc/self/fd")),
            }
        )
    else:
        raise BadInput(f"no verb {request.verb}")


def main() -> int:
    announcement = Announcement(os.environ)
    registry = Registry.find(os.environ)
    version = os.environ.get("TMUX_ORCH_TOY_VERSION", __version__)
    try:
        if "TMUX_ORCH_TOY_REFUSES" in os.environ:
            raise Internal("the database is not ours", "move it away")
        registry.prepare()
        held = lock.take(registry.lock)
        module, _, name = os.environ.get("TMUX_ORCH_TOY_HANDLER", "").partition(":")
        handler = getattr(importlib.import_module(module), name) if module else echo
        listener = Listener(registry.socket, handler, version)
        listener.start()
    except OrchError as error:
        announcement.failed(error)
        return error.exit_code
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with (registry.logs / "starts").open("a") as file:
        file.write(f"{os.getpid()}\n")
    announcement.ready()
    while not stop.wait(0.2):
        pass
    listener.stop(5)
    held.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
