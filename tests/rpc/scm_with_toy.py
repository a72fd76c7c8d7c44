"""``scm`` with the toy as the daemon it starts; PYTHONPATH goes with it for its handlers."""

import os
import sys
from pathlib import Path

from tmux_orch.rpc import scm, start

TOY = Path(__file__).with_name("toy_daemon.py")
start.daemon_argv = lambda: [
    "/usr/bin/env",
    *(f"{k}={v}" for k, v in os.environ.items() if k in ("PYTHONPATH", "TMUX_ORCH_TOY_HANDLER")),
    sys.executable,
    os.fspath(TOY),
]
sys.exit(scm.main())
