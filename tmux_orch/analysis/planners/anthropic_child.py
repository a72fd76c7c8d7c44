"""One question to the Anthropic API, in a process of its own: the client is slow to import.

The request is JSON on stdin, the outcome JSON on stdout; key and address come from the environment.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from typing import Any


def main() -> int:
    """Read the request, ask, write the outcome; ends by itself at the deadline."""
    request = json.load(sys.stdin)
    # Whoever started us may have been killed: nobody would end us then.
    signal.alarm(int(request["timeout_s"]) + 5)
    json.dump(reply(request), sys.stdout)
    return 0


def reply(request: Mapping[str, Any]) -> dict[str, Any]:
    """The outcome: ``text``, ``stop_reason``, ``model`` and tokens, or ``failed`` with the reason.

    ``failed`` is an HTTP status, ``timeout``, ``connection`` or ``client``.
    """
    import anthropic

    try:
        client = anthropic.Anthropic(
            max_retries=request["retries"], timeout=float(request["timeout_s"])
        )
        with client.messages.stream(
            model=request["model"],
            max_tokens=request["max_tokens"],
            system=request["system"],
            messages=[{"role": "user", "content": request["prompt"]}],
            output_config={"format": {"type": "json_schema", "schema": request["schema"]}},
        ) as stream:
            message = stream.get_final_message()
    except anthropic.APITimeoutError as error:
        return {"failed": "timeout", "message": str(error)}
    except anthropic.APIStatusError as error:
        return {"failed": _status(error), "message": error.message}
    except anthropic.APIConnectionError as error:
        return {"failed": "connection", "message": str(error.__cause__ or error)}
    except Exception as error:  # noqa: BLE001 - whatever the client meets, the plan is made offline
        # A stream that is cut short raises the transport's own error, not the client's.
        cut = type(error).__module__.partition(".")[0] == "httpx2"
        return {
            "failed": "connection" if cut else "client",
            "message": f"{type(error).__name__}: {error}",
        }
    return {
        "text": "".join(block.text for block in message.content if block.type == "text"),
        "stop_reason": message.stop_reason,
        "model": message.model,
        "tokens_in": _tokens_in(message.usage),
        "tokens_out": message.usage.output_tokens,
    }


def _status(error: Any) -> int:
    """The HTTP status; an error in mid-stream came under 200 and says what it is in its body."""
    body = error.body if isinstance(error.body, dict) else {}
    detail = body.get("error")
    kind = detail.get("type") if isinstance(detail, dict) else None
    if error.status_code == 200:
        return {"overloaded_error": 529, "rate_limit_error": 429}.get(str(kind), 500)
    return int(error.status_code)


def _tokens_in(usage: Any) -> int:
    cached = (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
    return int(usage.input_tokens + cached)


if __name__ == "__main__":
    sys.exit(main())
