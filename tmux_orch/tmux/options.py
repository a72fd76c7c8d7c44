"""The configuration file of our server: every setting that the rest of this room relies on."""

from __future__ import annotations

import hashlib

from tmux_orch.tmux.command import Command

WIDTH, HEIGHT = 200, 50
LEAST_WIDTH, LEAST_HEIGHT = 120, 40

# A full history of 50,000 lines cost 31 MB per pane (tmux 3.3a), so 10,000 is about 6 MB: 50 agents
# that fill theirs stay near 300 MB.
HISTORY_LINES = 10_000

# What needs a person, in the status line; set by `attention.show`. A pane's program could set these
# options too: nothing is shown that is not a word or a number of ours.
_MARK = (
    "#{?#{==:#{@orch_dialog},1}, ?dialog,}"
    "#{?#{m/r:^[a-z-]+$,#{@orch_attention}}, !#{@orch_attention},}"
)
_COUNT = "#{?#{m/r:^[0-9]+$,#{@orch_attention_count}},need attention: #{@orch_attention_count} ,}"
_WINDOW_STATUS = f"#I:#W#{{?window_flags,#{{window_flags}}, }}{_MARK}"

_SETTINGS = (
    # The server and its windows outlive what runs in them; a dead pane keeps its last screen.
    "set-option -s exit-empty off",
    "set-option -g remain-on-exit on",
    "set-option -gq remain-on-exit-format ''",
    "set-option -g destroy-unattached off",
    # tmux keeps every command it was given, `new-window -e KEY=VALUE` too, and shows the list to
    # whoever asks (`show-messages`): the agents' keys would stand there. Seen on 3.3a.
    "set-option -s message-limit 0",
    # Nothing of a client's environment enters the server or a pane.
    "set-option -g update-environment ''",
    "set-option -s set-clipboard off",
    "set-option -s escape-time 0",
    "set-option -s buffer-limit 200",
    "set-option -s history-file ''",
    "set-option -g default-terminal tmux-256color",
    f"set-option -g history-limit {HISTORY_LINES}",
    # Agents' windows are given a size of their own when they are made. As a *global* setting
    # `window-size manual` crashes the server at the next new window (3.3a, NULL dereference).
    f"set-option -g default-size {WIDTH}x{HEIGHT}",
    "set-option -g window-size latest",
    "set-option -g aggressive-resize off",
    # Names and indexes are ours; a program may not change them.
    "set-option -g base-index 0",
    "set-option -g pane-base-index 0",
    "set-option -g renumber-windows off",
    "set-option -g allow-rename off",
    "set-option -g automatic-rename off",
    "set-option -g set-titles off",
    "set-option -g synchronize-panes off",
    # Nobody is rung or interrupted by an agent.
    "set-option -g bell-action none",
    "set-option -g activity-action none",
    "set-option -g silence-action none",
    "set-option -g visual-bell off",
    "set-option -g visual-activity off",
    "set-option -g visual-silence off",
    "set-option -g monitor-bell off",
    "set-option -g lock-after-time 0",
    # With the mouse off most terminals turn the wheel into arrow keys, which puts an old prompt
    # into an agent's composer as if the person had begun to write.
    "set-option -g mouse on",
    "set-option -g default-command ''",
    "set-option -g status-left '#{session_name} '",
    "set-option -g status-left-length 42",
    f"set-option -g status-right '{_COUNT}'",
    f"set-option -g window-status-format '{_WINDOW_STATUS}'",
    f"set-option -g window-status-current-format '{_WINDOW_STATUS}'",
)

# A window that a person looks at takes the size of his terminal (less the status line), but never
# one in which agents' screens are cut; when nobody looks at a session any more its windows go back.
# tmux's own `window-size latest` has no lower bound. Only ids and numbers enter these commands.
_WIDER = f"#{{?#{{e|<:#{{client_width}},{LEAST_WIDTH}}},{LEAST_WIDTH},#{{client_width}}}}"
_INNER = "#{e|-:#{client_height},1}"
_HIGHER = f"#{{?#{{e|<:{_INNER},{LEAST_HEIGHT}}},{LEAST_HEIGHT},{_INNER}}}"
_FOLLOW = f"#{{?client_width,resize-window -t #{{window_id}} -x {_WIDER} -y {_HIGHER},}}"
_RESET = f"resize-window -t #{{window_id}} -x {WIDTH} -y {HEIGHT} ; "
_BACK = f"#{{S:#{{?session_attached,,#{{W:{_RESET}}}}}}}"
# In the background (-b): tmux 3.3a fires no hook while another one waits, and `run-shell` waits a
# turn; a terminal resized in that moment then kept its old window (4 of 2,135 attachments).
_HOOKS = {
    "client-attached": _FOLLOW,
    "client-resized": _FOLLOW,
    "session-window-changed": _FOLLOW,
    "client-session-changed": f"{_BACK}{_FOLLOW}",
    "client-detached": f"{_BACK}{_FOLLOW}",
}

_LINES = (
    *_SETTINGS,
    *(
        Command("set-hook", "-g", hook, Command("run-shell", "-b", "-C", act).text()).text()
        for hook, act in _HOOKS.items()
    ),
)

#: Changes with the settings, and is itself a server option: a running server that was configured by
#: another version of ours is recognised and configured again.
MARK = hashlib.sha256("\n".join(_LINES).encode()).hexdigest()[:12]


def config_text() -> str:
    """The whole file. It contains nothing that came from outside."""
    head = "# Written by tmux-orch at each start; changes are lost."
    return "\n".join((head, *_LINES, f"set-option -s @orch_config {MARK}", ""))
