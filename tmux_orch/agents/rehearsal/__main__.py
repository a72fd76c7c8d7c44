"""``python -m tmux_orch.agents.rehearsal``: the program by hand, without a team."""

import sys

from tmux_orch.agents.rehearsal.start import main

if __name__ == "__main__":
    main(sys.argv[1:])
