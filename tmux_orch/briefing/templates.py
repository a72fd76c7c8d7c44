"""The page templates: what is shipped, and the user's own in their place; sandboxed Jinja2."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmux_orch.briefing import words
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.names import is_name

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

PAGES = Path(__file__).parent / "pages"
SUFFIX = ".md.j2"
FRAME = "frame"
#: Templates that are no role's briefing, so that a role of that name does not get one of them.
OTHERS = frozenset({FRAME, "role", "resume", "plan", "tasks", "mcp-inventory"})


@lru_cache(maxsize=8)
def _environment(overrides: Path | None) -> SandboxedEnvironment:
    # Jinja2 costs 46 ms to import: the daemon pays it when the first page is made, not at start.
    from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    shipped = FileSystemLoader(PAGES)
    own = [FileSystemLoader(overrides)] if overrides is not None else []
    made = ImmutableSandboxedEnvironment(
        # `shipped/NAME` lets a template of the user's extend the one it replaces.
        loader=ChoiceLoader([*own, shipped, PrefixLoader({"shipped": shipped})]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    made.filters |= {
        "code": words.code,
        "codes": words.codes,
        "codes_in_order": words.codes_in_order,
        "ordinal": words.ordinal,
    }
    return made


def briefing_of(template: str, overrides: Path | None) -> str:
    """The template of a role's briefing: the one named, or the frame where there is none."""
    if template in OTHERS or not is_name(template):
        return FRAME
    places = [PAGES] if overrides is None else [overrides, PAGES]
    return template if any((p / f"{template}{SUFFIX}").is_file() for p in places) else FRAME


def renderer(name: str, overrides: Path | None) -> Callable[[dict[str, Any]], str]:
    """What renders the template ``name``.

    Raises:
        BadInput: from here or from the renderer: a template of the user's is broken; ``file:line``.
    """
    environment = _environment(overrides)

    def render(context: dict[str, Any]) -> str:
        try:
            return environment.get_template(f"{name}{SUFFIX}").render(context)
        except Exception as error:  # a template may raise whatever it computes
            raise _blamed(error, overrides, name) or error from error

    return render


def _blamed(error: Exception, overrides: Path | None, name: str) -> BadInput | None:
    """The failure with the place in the user's template; ``None`` when none of theirs is in it."""
    from jinja2 import TemplateSyntaxError

    if overrides is None:
        return None
    frames = [(f.filename, f.lineno or 1) for f in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, TemplateSyntaxError):
        # A mistake that is met while reading letter by letter has its file in `name`.
        frames.append((error.filename or error.name or "", error.lineno))
    theirs = [(file, at) for file, at in frames if file.startswith(f"{overrides}/")]
    if not theirs and isinstance(error, UnicodeError | OSError):
        theirs = [(str(overrides / f"{name}{SUFFIX}"), 1)]  # it could not even be read
    if not theirs:
        return None
    place, at = theirs[-1]
    what = " ".join((str(error) or type(error).__name__).split())[:200]
    return BadInput(f"{place}:{at}: {what}", "see docs/BRIEFINGS.md for what a template may use")


def own(overrides: Path, names: Collection[str]) -> list[str]:
    """Names of the user's templates, read as text once.

    Args:
        overrides: Their directory; it need not exist.
        names: Roles and briefing names that are known; any is accepted when empty.

    Raises:
        BadInput: a file cannot be read, or its name is that of no page.
    """
    found = []
    shipped = {path.name.removesuffix(SUFFIX) for path in PAGES.glob(f"*{SUFFIX}")}
    for path in sorted(overrides.glob(f"*{SUFFIX}")):
        name = path.name.removesuffix(SUFFIX)
        if names and name not in shipped | set(names) and not name.startswith("_"):
            known = ", ".join(sorted({*names, *shipped}))
            raise BadInput(f"{path}:1: no page is called {name[:60]!r}", f"accepted are: {known}")
        try:
            path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            at = error.object[: error.start].count(b"\n") + 1
            raise BadInput(f"{path}:{at}: not UTF-8", "save it as UTF-8") from error
        except OSError as error:
            raise BadInput(
                f"{path}:1: cannot be read: {error.strerror}", "repair it or move it away"
            ) from error
        found.append(name)
    return found
