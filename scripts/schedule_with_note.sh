#!/bin/sh
# schedule_with_note.sh MINUTES "NOTE" [TARGET]: brings NOTE to an agent in MINUTES (3 when empty).
# TARGET is what scm takes (developer, pm, session:window, %3); without it, the agent that runs this.
# Exit codes as of tmux-orch; 2 for bad input, and nothing was scheduled.
set -eu
usage='usage: schedule_with_note.sh MINUTES "NOTE" [TARGET]'
case ${1:-} in
-h | --help)
    echo "$usage"
    echo "Brings NOTE to TARGET, as scm names it, in MINUTES; an agent that names none gets it itself."
    exit 0
    ;;
esac
if [ $# -gt 3 ]; then
    echo "$usage; put the note in quotes" >&2
    exit 2
fi
minutes=${1:-3}
case $minutes in
*[!0-9]*)
    shown=$(printf %s "$minutes" | tr -cd '[:print:]' | cut -c 1-40)
    echo "schedule_with_note.sh: '$shown' is not a number of minutes; give a whole one, like 30" >&2
    exit 2
    ;;
esac
here=$(cd -- "$(dirname -- "$0")" && pwd)
for orch in "$here/tmux-orch" "$(command -v tmux-orch)" "${HOME:-}/.local/bin/tmux-orch"; do
    [ -x "$orch" ] && break
done
[ -x "$orch" ] || { echo "tmux-orch is not installed; run ./scripts/install" >&2; exit 2; }
note=${2:-Check in: look at where things stand, then go on.}
if [ -n "${3:-}" ]; then
    exec "$orch" schedule in --to "$3" -- "$minutes" "$note"
fi
exec "$orch" schedule in -- "$minutes" "$note"
