"""The entry: ``python -I -S program.py [options] [prompt]``; see ``docs/REHEARSAL.md``.

``-I -S`` leave out the user's environment and site-packages (3 ms), so the package is found from
this file. It is appended, so that nothing beside it can stand in for the standard library. The
work is in modules of their own, because a script itself is compiled anew at every start.
"""

import sys

if __name__ == "__main__":
    sys.path.append(__file__.rsplit("/", 4)[0])
    from tmux_orch.agents.rehearsal.start import main

    main(sys.argv[1:])
