"""Finding the installed program, its version, and the native binary behind npm's wrapper."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

from tmux_orch.agents.adapter import Program
from tmux_orch.agents.installed import Installed, locate_installed

INSTALLED = Installed(
    adapter="codex",
    command="codex",
    name="Codex",
    pattern=r"^codex-cli (\d+)\.(\d+)\.(\d+)",
    # The version that the tests run; nothing is known of versions before it.
    oldest=(0, 169, 0),
    install="install it with `npm install -g @openai/codex` or choose another --agent",
)
_PACKAGES = {
    ("Linux", "x86_64"): ("codex-linux-x64", "x86_64-unknown-linux-musl"),
    ("Linux", "aarch64"): ("codex-linux-arm64", "aarch64-unknown-linux-musl"),
    ("Darwin", "x86_64"): ("codex-darwin-x64", "x86_64-apple-darwin"),
    ("Darwin", "arm64"): ("codex-darwin-arm64", "aarch64-apple-darwin"),
}


def locate(environment: Mapping[str, str]) -> Program:
    """The ``codex`` on this environment's PATH, and its version.

    Raises:
        BadInput: missing, not runnable, or older than the oldest one known; with the remedy.
    """
    found = locate_installed(INSTALLED, environment)
    return Program(found.adapter, str(native(Path(found.path))), found.version)


def native(path: Path) -> Path:
    """The program itself behind npm's JavaScript wrapper; ``path`` when there is no wrapper.

    The wrapper stays as its parent under Node.js 20: it would be the pane's process, and hooks
    would come from a child that nothing vouches for.
    """
    script = path.resolve()
    kind = _PACKAGES.get((platform.system(), platform.machine()))
    if script.suffix != ".js" or kind is None:
        return path
    package, target = kind
    inner = Path("vendor") / target / "bin" / "codex"
    root = script.parent.parent  # .../node_modules/@openai/codex
    places = (root / "node_modules" / "@openai" / package, root.parent / package, root)
    return next((place / inner for place in places if (place / inner).is_file()), path)
