"""Subjects whose paths hold whatever a path may hold."""

from __future__ import annotations

from hypothesis import strategies as st

from tmux_orch.service.subject import Subject

HOSTILE = (
    "plain", "with space", " two  spaces ", "tab-is-refused", "100%", "%h%n%%", "%%%", "$HOME",
    "${HOME}x", "$$", "a'b", 'a"b', "a\\b", "\\x41", "\\", "a;b", "; rm -rf x", "#hash", "@at",
    "-dash", ":colon", "+plus", "!bang", "a|b", "a&b", "<a>", "*?[x]", "{a,b}", "(a)", "~", "^",
    "a=b", "`id`", "$(id)", "é", "ß漢字", "\U0001f642", "'\"\\%$ ", "]]>", "<!-- -->", "&amp;",
    "a\u202eb", "end\\", "%", '"',
)  # fmt: skip

names = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="/"), min_size=1,
    max_size=40,
).filter(lambda name: name not in (".", ".."))  # fmt: skip


def subject(name: str, program: str = "/opt/bin/tmux-orch", registry: str = "/r") -> Subject:
    return Subject(name, program, registry, f"{registry}/logs/daemon.stderr.log")
