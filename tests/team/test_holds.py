"""Who waits for whom: an act of the daemon's own keeps nobody away for long."""

from __future__ import annotations

import threading

import pytest

from tmux_orch.domain.errors import Busy
from tmux_orch.team.holds import Holds


def test_a_second_act_of_a_person_is_told_at_once() -> None:
    holds = Holds()
    with holds.hold("/p"), pytest.raises(Busy, match="another run holds /p"), holds.hold("/p"):
        pass
    with holds.hold("/p"), holds.hold("/q"):
        pass


def test_an_act_of_ours_does_not_wait_for_a_person_s() -> None:
    holds = Holds()
    with holds.hold("/p"), pytest.raises(Busy), holds.hold("/p", unasked=True):
        pass


@pytest.mark.parametrize("unasked", [False, True])
def test_an_act_waits_for_one_of_ours(unasked: bool) -> None:
    holds, inside, go_on = Holds(), threading.Event(), threading.Event()

    def ours() -> None:
        with holds.hold("/p", unasked=True):
            inside.set()
            go_on.wait(10)

    thread = threading.Thread(target=ours)
    thread.start()
    assert inside.wait(10)
    with pytest.raises(Busy), holds.hold("/p", unasked=unasked, patience_s=0):
        pass
    threading.Timer(0.05, go_on.set).start()
    with holds.hold("/p", unasked=unasked):
        assert go_on.is_set()
    thread.join()
