#!/usr/bin/env python3
"""A small local stand-in for the Anthropic Messages API (loopback only, stdlib only).

It lets a real AI coding CLI (Claude Code, ...) run with a dummy API key and no
network, and lets a test decide, request by request, what "the model" does.

    python3 anthropic_standin.py --port 8787 --log /tmp/standin.jsonl
    ANTHROPIC_BASE_URL=http://127.0.0.1:8787 ANTHROPIC_API_KEY=dummy claude

How a reply is chosen, first match wins:
  1. a rule queued with POST /_standin/queue      (used once, in order)
  2. a directive in the newest human text:        STANDIN{"text": "hi"}
  3. the sticky rule set with POST /_standin/default
  4. plain text "ok".
When the newest user message holds tool results, a directive may say what comes
after them with "then"; otherwise the reply is "tool finished".
Side requests of the CLI (titles, summaries: no tools offered) never use up a
queued rule unless the rule says "side": true.

Rule keys (all optional):
  text          reply text;  words: N -> N filler words instead
  chunk_delay   seconds between streamed pieces        first_delay  before the first
  thinking      text of a thinking block shown before the reply
  tools         [{"name": "Bash", "input": {...}}, ...] tool_use blocks to end with
  then          rule for the request that brings the tool results
  status        HTTP status != 200 -> error reply with  error_type, message
  headers       extra response headers (anthropic-ratelimit-unified-*, retry-after...)
  times         use this queued rule that many times (default 1)
  usage         {"input_tokens": .., "cache_read_input_tokens": .., "output_tokens": ..}
  stop_reason   default end_turn / tool_use
  abort_after   close the socket after that many text pieces
  stream_error  {"type": "overloaded_error", "message": ".."} sent in mid-stream
  hang          seconds to hold the socket without answering

Control API (JSON): POST /_standin/queue (rule or list), POST /_standin/default
(rule or null), POST /_standin/reset, GET /_standin/requests[?since=N],
GET /_standin/prompts (what was received as newest human text, main turns only).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HIDE = {"x-api-key", "authorization", "cookie"}
SENTENCE = "the quick brown fox jumps over the lazy dog while the build keeps running"
FILLER = SENTENCE.split()


class Aborted(Exception):
    """The rule asked for the connection to be cut."""


def text_of(content) -> str:
    """The human text in one message's content, without <system-reminder> blocks."""
    if isinstance(content, str):
        parts = [content]
    else:
        parts = [b.get("text", "") for b in content if b.get("type") == "text"]
    keep = [p for p in parts if not p.lstrip().startswith("<system-reminder>")]
    return "\n".join(keep)


def reminders_of(content) -> list[str]:
    """The <system-reminder> texts of one message: where a CLI puts what its hooks hand over."""
    if isinstance(content, str):
        return []
    return [
        b.get("text", "")
        for b in content
        if b.get("type") == "text" and b.get("text", "").lstrip().startswith("<system-reminder>")
    ]


def find_directive(text: str):
    """The last STANDIN{...} JSON object in text, or None."""
    found = None
    for m in re.finditer(r"STANDIN(?=\{)", text):
        try:
            found, _ = json.JSONDecoder().raw_decode(text[m.end() :])
        except ValueError:
            continue
    return found


class State:
    """What the stand-in was told to do and what it has seen; guarded by one lock."""

    def __init__(self, log_path: str | None = None):
        self.lock = threading.Lock()
        self.queue: list[dict] = []
        self.default: dict | None = None
        self.requests: list[dict] = []
        self.log_path = log_path
        self.plan = None  # a tests.standin.plan.Plan, when the account is of one

    def record(self, entry: dict) -> None:
        with self.lock:
            entry["n"] = len(self.requests)
            self.requests.append(entry)
            if self.log_path:
                with open(self.log_path, "a", encoding="utf-8") as f:
                    f.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def choose(self, body: dict, main: bool) -> dict:
        messages = body.get("messages") or []
        last_user = next((m for m in reversed(messages) if m.get("role") == "user"), {})
        content = last_user.get("content", "")
        has_results = isinstance(content, list) and any(
            b.get("type") == "tool_result" for b in content
        )
        if has_results and find_directive(text_of(content)) is not None:
            # a refused tool's result travels together with the next human text
            has_results = False
        with self.lock:
            for i, rule in enumerate(self.queue):
                if main or rule.get("side"):
                    left = rule.get("times", 1) - 1
                    if left > 0:
                        self.queue[i] = {**rule, "times": left}
                    else:
                        del self.queue[i]
                    return rule
            default = self.default
        if has_results:
            # the directive that started this tool call is in an earlier message
            for m in reversed(messages):
                if m.get("role") == "user":
                    d = find_directive(text_of(m.get("content", "")))
                    if d is not None:
                        depth = self._tool_depth(messages)
                        for _ in range(depth):
                            d = (d or {}).get("then")
                        return d or {"text": "tool finished"}
            return {"text": "tool finished"}
        directive = find_directive(text_of(content))
        if directive is not None and main:
            return directive
        if default is not None and (main or default.get("side")):
            return default
        return {"text": "ok"}

    @staticmethod
    def _tool_depth(messages) -> int:
        """How many tool-result turns have followed the newest human text."""
        depth = 0
        for m in reversed(messages):
            if m.get("role") != "user":
                continue
            c = m.get("content", "")
            if find_directive(text_of(c)) is not None:
                break
            if isinstance(c, list) and any(b.get("type") == "tool_result" for b in c):
                depth += 1
        return depth


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State  # set on the subclass made in make_server

    # -- plumbing ---------------------------------------------------------
    def log_message(self, *args):
        pass

    def _body(self) -> dict:
        n = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(n) if n else b""
        try:
            return json.loads(raw) if raw else {}
        except ValueError:
            return {}

    def _json(self, obj, status=200, headers=None):
        data = json.dumps(obj, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.send_header("request-id", "req_standin_" + uuid.uuid4().hex[:12])
        for k, v in (headers or {}).items():
            self.send_header(k, str(v))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _event(self, kind: str, data: dict):
        payload = f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()
        self.wfile.write(b"%x\r\n" % len(payload) + payload + b"\r\n")
        self.wfile.flush()

    # -- GET / HEAD -------------------------------------------------------
    def do_HEAD(self):
        self._json({})

    def do_GET(self):
        url = urlsplit(self.path)
        st = self.state
        if url.path == "/_standin/requests":
            since = int(parse_qs(url.query).get("since", ["0"])[0])
            with st.lock:
                return self._json(st.requests[since:])
        if url.path == "/_standin/prompts":
            with st.lock:
                return self._json(
                    [r for r in st.requests if r.get("main") and not r["tool_results"]]
                )
        st.record({"t": time.time(), "method": "GET", "path": self.path})
        if url.path == "/v1/models":
            return self._json({"data": [], "has_more": False})
        return self._json(
            {
                "type": "error",
                "error": {"type": "not_found_error", "message": "not in the stand-in"},
            },
            404,
        )

    # -- POST -------------------------------------------------------------
    def do_POST(self):
        url = urlsplit(self.path)
        st = self.state
        body = self._body()
        if url.path.startswith("/_standin/"):
            with st.lock:
                if url.path.endswith("/queue"):
                    st.queue.extend(body if isinstance(body, list) else [body])
                elif url.path.endswith("/default"):
                    st.default = body or None
                elif url.path.endswith("/reset"):
                    st.queue.clear()
                    st.default = None
            return self._json({"queued": len(st.queue)})
        if url.path == "/v1/messages/count_tokens":
            st.record({"t": time.time(), "method": "POST", "path": self.path})
            return self._json({"input_tokens": len(json.dumps(body)) // 4})
        if url.path != "/v1/messages":
            st.record({"t": time.time(), "method": "POST", "path": self.path, "body": body})
            return self._json(
                {
                    "type": "error",
                    "error": {"type": "not_found_error", "message": "not in the stand-in"},
                },
                404,
            )
        return self._messages(body)

    def _messages(self, body: dict):
        messages = body.get("messages") or []
        last_user = next((m for m in reversed(messages) if m.get("role") == "user"), {})
        content = last_user.get("content", "")
        prompt = text_of(content)
        results = (
            [b for b in content if b.get("type") == "tool_result"]
            if isinstance(content, list)
            else []
        )
        main = bool(body.get("tools"))  # title/summary side calls offer no tools
        plan = self.state.plan
        refusal, told = plan.answer(body) if plan is not None else (None, {})
        rule = refusal or self.state.choose(body, main)
        if told:
            rule = {**rule, "headers": {**told, **(rule.get("headers") or {})}}
        self.state.record(
            {
                "refused": refusal is not None,
                "t": time.time(),
                "method": "POST",
                "path": self.path,
                "main": main,
                "model": body.get("model"),
                "stream": bool(body.get("stream")),
                "n_messages": len(messages),
                "prompt": prompt,
                "sha256": hashlib.sha256(prompt.encode()).hexdigest(),
                "all_human": [
                    text_of(m.get("content", "")) for m in messages if m.get("role") == "user"
                ],
                "tool_results": [str(r.get("content"))[:400] for r in results],
                "reminders": [
                    t
                    for m in messages
                    if m.get("role") in ("user", "system")
                    for t in (
                        reminders_of(m.get("content", ""))
                        if m.get("role") == "user"
                        else [json.dumps(m.get("content", ""))]
                    )
                ],
                "system_head": json.dumps(body.get("system", ""))[:300],
                "system_tail": json.dumps(body.get("system", ""))[-400:],
                "headers": {
                    k.lower(): ("(hidden)" if k.lower() in HIDE else v)
                    for k, v in self.headers.items()
                },
                "rule": rule,
            }
        )
        try:
            self._answer(rule, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Aborted:
            self.close_connection = True

    def _answer(self, rule: dict, body: dict):
        if rule.get("hang"):
            time.sleep(float(rule["hang"]))  # paced: the rule asks for it
        time.sleep(float(rule.get("first_delay", 0)))  # paced: the rule asks for it
        status = int(rule.get("status", 200))
        if status != 200:
            return self._json(
                {
                    "type": "error",
                    "error": {
                        "type": rule.get("error_type", "api_error"),
                        "message": rule.get("message", "stand-in error"),
                    },
                },
                status,
                rule.get("headers"),
            )
        text = rule.get("text")
        if rule.get("words"):
            text = " ".join(FILLER[i % len(FILLER)] for i in range(int(rule["words"])))
        tools = rule.get("tools") or []
        if text is None and not tools:
            text = "ok"
        usage = {
            "input_tokens": max(1, len(json.dumps(body.get("messages", ""))) // 4),
            "output_tokens": 1,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            **(rule.get("usage") or {}),
        }
        stop = rule.get("stop_reason") or ("tool_use" if tools else "end_turn")
        blocks = []
        if rule.get("thinking"):
            blocks.append(
                {"type": "thinking", "thinking": rule["thinking"], "signature": "c3RhbmRpbg=="}
            )
        if text:
            blocks.append({"type": "text", "text": text})
        for t in tools:
            blocks.append(
                {
                    "type": "tool_use",
                    "id": "toolu_" + uuid.uuid4().hex[:20],
                    "name": t["name"],
                    "input": t.get("input", {}),
                }
            )
        message = {
            "id": "msg_" + uuid.uuid4().hex[:20],
            "type": "message",
            "role": "assistant",
            "model": body.get("model", "standin"),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        if not body.get("stream"):
            return self._json(
                {**message, "content": blocks, "stop_reason": stop}, 200, rule.get("headers")
            )
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("cache-control", "no-cache")
        self.send_header("transfer-encoding", "chunked")
        self.send_header("request-id", "req_standin_" + uuid.uuid4().hex[:12])
        for k, v in (rule.get("headers") or {}).items():
            self.send_header(k, str(v))
        self.end_headers()
        self._event("message_start", {"message": message})
        delay = float(rule.get("chunk_delay", 0))
        sent = 0
        for i, b in enumerate(blocks):
            kind = b["type"]
            start = {
                "text": {"type": "text", "text": ""},
                "thinking": {"type": "thinking", "thinking": "", "signature": ""},
                "tool_use": {**b, "input": {}},
            }[kind]
            self._event("content_block_start", {"index": i, "content_block": start})
            if kind == "tool_use":
                self._event(
                    "content_block_delta",
                    {
                        "index": i,
                        "delta": {
                            "type": "input_json_delta",
                            "partial_json": json.dumps(b["input"]),
                        },
                    },
                )
            else:
                for piece in re.findall(r"\S+\s*|\s+", b[kind]):
                    self._event(
                        "content_block_delta",
                        {"index": i, "delta": {"type": kind + "_delta", kind: piece}},
                    )
                    sent += 1
                    if rule.get("abort_after") and sent >= rule["abort_after"]:
                        raise Aborted
                    if rule.get("stream_error") and sent >= 3:
                        self._event("error", {"error": rule["stream_error"]})
                        raise Aborted
                    if delay:
                        time.sleep(delay)  # paced: the rule asks for it
                if kind == "thinking":
                    self._event(
                        "content_block_delta",
                        {
                            "index": i,
                            "delta": {"type": "signature_delta", "signature": b["signature"]},
                        },
                    )
            self._event("content_block_stop", {"index": i})
        self._event(
            "message_delta",
            {
                "delta": {"stop_reason": stop, "stop_sequence": None},
                "usage": {**usage, "output_tokens": usage["output_tokens"] + sent},
            },
        )
        self._event("message_stop", {})
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()
        return None


def make_server(port: int = 0, log_path: str | None = None) -> ThreadingHTTPServer:
    """A server bound to loopback; .state is its State. Port 0 picks a free one."""
    state = State(log_path)
    handler = type("BoundHandler", (Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    server.state = state
    return server


def main(argv=None) -> int:
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--port", type=int, default=8787)
    ap.add_argument("--log", help="append one JSON line per request here")
    a = ap.parse_args(argv)
    server = make_server(a.port, a.log)
    print(f"standin on http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
