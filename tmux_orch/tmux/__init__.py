"""Our own tmux server: started, spoken to, looked at, typed into; never the user's.

Facts that every module here relies on (measured on tmux 3.3a unless a line says otherwise):

- Ids (``%pane``, ``@window``, ``$session``) never change and are never reused within one server,
  and start again from 0 in the next. A stored id counts only together with its :class:`ServerId`.
- Names given to ``-t`` match by prefix and pattern; ``-t ''`` means "some recent pane". Targets are
  ids, or ``=name:`` built in one place.
- ``display-message -t MISSING`` returns 0. It is never used to ask whether something exists.
"""
