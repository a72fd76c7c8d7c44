#!/bin/sh
# Keeps the daemon there, so that limits which end at night are noticed: tmux-orch service install,
# under the name that users of earlier orchestrators know. Takes its options.
set -u
here=$(cd -- "$(dirname -- "$0")" && pwd) || exit 7
for orch in "$(command -v tmux-orch)" "$here/tmux-orch" "${HOME:-}/.local/bin/tmux-orch"; do
    [ -x "$orch" ] && break
done
[ -x "$orch" ] || { echo "tmux-orch is not installed; run ./scripts/install" >&2; exit 2; }

exec "$orch" service install "$@"
