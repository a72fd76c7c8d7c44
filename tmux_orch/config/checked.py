"""A strict YAML document against a pydantic model: the first fault as one line with its place."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tmux_orch.config.yaml_strict import Document, shown
from tmux_orch.domain.errors import BadInput


class Strict(BaseModel):
    """A model that accepts nothing it does not know and converts nothing."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_Model = TypeVar("_Model", bound=Strict)

_NEEDED = {
    "missing": "is missing",
    "extra_forbidden": "is not a key that is known here",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
}


def check(document: Document, model: type[_Model]) -> _Model:
    """The document as ``model``.

    Raises:
        BadInput: it does not fit; ``file:line: key: what is wrong; what is accepted``.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        first, *more = error.errors(include_url=False, include_input=False)
        where: tuple[str | int, ...] = first["loc"]
        place = ".".join(shown(str(part)) for part in where) or "the file"
        text = _NEEDED.get(first["type"]) or first["msg"].removeprefix("Value error, ")
        rest = f" (and {len(more)} more)" if more else ""
        accepted = _accepted(model, where) if first["type"] == "extra_forbidden" else ""
        raise BadInput(f"{document.at(where)}: {place}: {text}{rest}", accepted) from error


def _accepted(model: type[BaseModel], where: tuple[str | int, ...]) -> str:
    """The keys that are known where the unknown one stood."""
    here: Any = model
    for part in where[:-1]:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(part))
            here = None if field is None else field.annotation
        else:
            # A mapping or a list: what its items are is the last of its type's arguments.
            arguments = getattr(here, "__args__", ())
            here = next((a for a in reversed(arguments) if a is not Ellipsis), None)
    if isinstance(here, type) and issubclass(here, BaseModel):
        return f"known are {', '.join(here.model_fields)}"
    return ""
