"""Several team templates files as one, with the place that every value came from.

Mappings are merged key by key; everything else replaces; ``null`` takes away. A project's file
comes with the repository, so it may describe teams but grant nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tmux_orch.config.yaml_strict import Document, Where, shown
from tmux_orch.domain.errors import BadInput

USER = "user"
#: What a project's file may not set: what an agent may do, what runs it, what it may cost, and
#: when a person is called to look at it (it could switch that off).
_GRANTS = ("rights", "agent", "model", "attention")
_SPENDING = ("plans", "default_plan")
#: A check-in costs tokens: how often a role that only the project knows may have one.
_OFTEN_S = 30 * 60


@dataclass(frozen=True, slots=True)
class Merged(Document):
    """What several documents say together.

    Attributes:
        places: Path of keys and indexes → ``file:line`` of the document it came from.
        removed: Path → ``file:line`` of the ``null`` that took it away.
    """

    places: dict[Where, str] = field(default_factory=dict)
    removed: dict[Where, str] = field(default_factory=dict)

    def at(self, path: Where) -> str:
        """``file:line`` of the value at ``path``, of what took it away, or of what is around it."""
        while path and path not in self.places and path not in self.removed:
            path = path[:-1]
        return self.places.get(path) or self.removed.get(path) or f"{self.name}:1"


def merge(documents: Sequence[Document], project: Document | None = None) -> Merged:
    """The documents as one, a later one over the earlier ones, the project's over all.

    Raises:
        BadInput: a later document is no mapping or of another version, takes away what is not
            there, or the project's grants something.
    """
    first, *later = documents
    places = {path: first.at(path) for path in first.lines}
    merged = Merged(first.name, _copy(first.data), {}, places)
    for document in later:
        _lay(merged, document)
    if project is not None:
        _head(project)
        _restrain(project, merged.data)
        _lay(merged, project)
    return merged


def at(data: Any, where: Where) -> Any:
    """The value at a path of mapping keys; ``None`` when there is none."""
    for key in where:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _lay(merged: Merged, document: Document) -> None:
    _head(document)
    if isinstance(merged.data, dict):
        # What is wrong is named in the last file that could have said it.
        merged.places[()] = document.at(())
        _over(merged, merged.data, document, document.data, ())


def _head(document: Document) -> None:
    if not isinstance(document.data, dict):
        raise BadInput(f"{document.at(())}: the file: must be a mapping", "begin with templates: 1")
    if "templates" not in document.data:
        raise BadInput(f"{document.at(())}: templates: is missing", "begin with templates: 1")


def _over(
    merged: Merged, base: dict[str, Any], document: Document, new: Mapping[str, Any], path: Where
) -> None:
    for key, value in new.items():
        where = (*path, key)
        if value is None:
            if key not in base:
                raise _bad(document, where, "there is nothing to take away", "remove the line")
            _forget(merged, where, base.pop(key))
            merged.removed[where] = document.at(where)
            continue
        if isinstance(value, dict):
            if not isinstance(base.get(key), dict):
                _forget(merged, where, base.get(key))
                base[key] = {}
            _over(merged, base[key], document, value, where)
        else:
            _forget(merged, where, base.get(key))
            base[key] = value  # a text, a number or a list: nobody changes those in place
            if isinstance(value, list):
                _remember(merged, where, document, value)
        merged.places[where] = document.at(where)


def _remember(merged: Merged, path: Where, document: Document, values: list[Any]) -> None:
    """Places inside of a list, which is taken whole."""
    for index, value in enumerate(values):
        where = (*path, index)
        merged.places[where] = document.at(where)
        if isinstance(value, list):
            _remember(merged, where, document, value)
        elif isinstance(value, dict):
            for key, inner in value.items():
                merged.places[(*where, key)] = document.at((*where, key))
                if isinstance(inner, list):
                    _remember(merged, (*where, key), document, inner)


def _forget(merged: Merged, where: Where, old: Any) -> None:
    merged.removed.pop(where, None)
    merged.places.pop(where, None)
    if isinstance(old, dict | list) and old:
        length = len(where)
        for path in [p for p in merged.places if p[:length] == where]:
            del merged.places[path]


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


def _restrain(document: Document, before: Any) -> None:
    """Refuse what a project's file may not say; wrong shapes are left to the model."""
    yours = "it belongs in your own file, ~/.config/tmux-orch/team_templates.yaml"
    for key in _SPENDING:
        if key in document.data:
            raise _bad(document, (key,), "a project's file cannot set this", yours)
    roles = document.data.get("roles")
    for name, entry in roles.items() if isinstance(roles, dict) else ():
        if not isinstance(entry, dict):
            continue
        for key in _GRANTS:
            if key in entry:
                where = ("roles", name, key)
                raise _bad(document, where, "a project's file cannot set this", yours)
        _restrain_role(document, ("roles", name), entry, at(before, ("roles", name)) or {})


def _restrain_role(
    document: Document, where: Where, entry: Mapping[str, Any], before: Mapping[str, Any]
) -> None:
    if "restrictions" in entry:
        kept = _words(entry["restrictions"])
        if any(one not in kept for one in _words(before.get("restrictions"))):
            problem = "a project's file cannot lift a restriction"
            raise _bad(document, (*where, "restrictions"), problem, "keep all, and add yours")
    least, wanted = before.get("check_in_s", _OFTEN_S), entry.get("check_in_s")
    if isinstance(least, int) and isinstance(wanted, int) and wanted < least:
        problem = "a project's file cannot let a role check in more often"
        raise _bad(document, (*where, "check_in_s"), problem, f"at least {least}")
    if USER in _words(before.get("talks_to")):
        return
    lists = {(*where, "talks_to"): entry.get("talks_to")}
    inner = entry.get("talks_to_in")
    for kind, words in inner.items() if isinstance(inner, dict) else ():
        lists[(*where, "talks_to_in", kind)] = words
    for place, words in lists.items():
        if USER in _words(words):
            problem = "a project's file cannot let a role write to the user"
            raise _bad(document, place, problem, "let it write to the orchestrator")


def _words(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _bad(document: Document, where: Where, problem: str, step: str) -> BadInput:
    place = ".".join(shown(str(part)) for part in where)
    return BadInput(f"{document.at(where)}: {place}: {problem}", step)
