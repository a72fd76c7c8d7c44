"""``rehearsal``: a small interactive agent program of ours, and the adapter for it.

Every module but ``adapter`` belongs to the program. The program starts about as fast as an empty
interpreter, and the whole bootstrap of a team is measured with it, so those modules import only
what an interpreter has loaded anyway or has built in: no ``dataclasses`` (15 ms), no ``json``
(6 ms), no ``enum``, ``signal`` or ``socket``. Hence plain classes and tuples where the rest of the
project has frozen dataclasses and enums.
"""
