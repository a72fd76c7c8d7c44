#!/bin/sh
# Every team's agents, and what is left of their plans: tmux-orch status and tmux-orch credits
# status, under the name that users of earlier orchestrators know.
set -u
[ $# = 0 ] || { echo "usage: check_agent_health.sh" >&2; exit 2; }
here=$(cd -- "$(dirname -- "$0")" && pwd) || exit 7
for orch in "$(command -v tmux-orch)" "$here/tmux-orch" "${HOME:-}/.local/bin/tmux-orch"; do
    [ -x "$orch" ] && break
done
[ -x "$orch" ] || { echo "tmux-orch is not installed; run ./scripts/install" >&2; exit 2; }

"$orch" status --all
agents=$?
echo
"$orch" credits status
plans=$?
[ $agents = 0 ] || exit $agents
exit $plans
