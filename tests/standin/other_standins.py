#!/usr/bin/env python3
"""Small local stand-ins for three more model APIs (loopback only, stdlib only).

    POST /v1/responses                          OpenAI Responses API  (Codex CLI)
    POST /v1/chat/completions                   OpenAI Chat API       (opencode, aider)
    POST /v1beta/models/X:streamGenerateContent Gemini API            (Gemini CLI)

Rules come as in anthropic_standin.py: a directive STANDIN{...} in the newest user
text, or POST /_standin/queue, else the reply "ok". Keys: text, words, chunk_delay,
first_delay, status, message, headers, times, tool {"name":.., "args":{..}}, then.
GET /_standin/requests lists what came in.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

FILLER = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "the",
    "lazy",
    "dog",
    "while",
    "the",
    "build",
    "keeps",
    "running",
]


def find_directive(text: str):
    found = None
    for m in re.finditer(r"STANDIN(?=\{)", text):
        try:
            found, _ = json.JSONDecoder().raw_decode(text[m.end() :])
        except ValueError:
            continue
    return found


class State:
    def __init__(self, log_path=None):
        self.lock = threading.Lock()
        self.queue: list[dict] = []
        self.requests: list[dict] = []
        self.log_path = log_path

    def choose(self, user_text: str, after_tool: bool, side: bool = False) -> dict:
        if side:
            return {"text": "Sample title"}  # a title or summary: no rule is used up by it
        with self.lock:
            if self.queue:
                rule = self.queue[0]
                left = rule.get("times", 1) - 1
                if left > 0:
                    self.queue[0] = {**rule, "times": left}
                else:
                    self.queue.pop(0)
                return rule
        d = find_directive(user_text) or {"text": "ok"}
        return (d.get("then") or {"text": "tool finished"}) if after_tool else d


def pieces(rule: dict) -> list[str]:
    text = rule.get("text")
    if rule.get("words"):
        text = " ".join(FILLER[i % len(FILLER)] for i in range(int(rule["words"])))
    if text is None:
        text = "" if rule.get("tool") else "ok"
    return re.findall(r"\S+\s*|\s+", text)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State

    def log_message(self, *a):
        pass

    def _json(self, obj, status=200, headers=None):
        data = json.dumps(obj).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for k, v in (headers or {}).items():
            self.send_header(k, str(v))
        self.end_headers()
        self.wfile.write(data)

    def _start_sse(self, headers=None):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        for k, v in (headers or {}).items():
            self.send_header(k, str(v))
        self.end_headers()

    def _chunk(self, s: str):
        b = s.encode()
        self.wfile.write(b"%x\r\n" % len(b) + b + b"\r\n")
        self.wfile.flush()

    def _end(self):
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def do_GET(self):
        if self.path.startswith("/_standin/requests"):
            with self.state.lock:
                return self._json(self.state.requests)
        if urlsplit(self.path).path.endswith("/models"):
            return self._json(
                {
                    "object": "list",
                    "data": [{"id": "standin-model", "object": "model"}],
                    "models": [],
                }
            )
        self._json({"error": {"message": "not in the stand-in", "type": "not_found"}}, 404)
        return None

    def do_POST(self):
        n = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(n)
        try:
            body = json.loads(raw)
        except ValueError:
            body = {}
        path = urlsplit(self.path).path
        if path == "/_standin/queue":
            with self.state.lock:
                self.state.queue.extend(body if isinstance(body, list) else [body])
            return self._json({"queued": len(self.state.queue)})
        if path == "/_standin/reset":
            with self.state.lock:
                self.state.queue.clear()
            return self._json({})
        try:
            if path.endswith("/responses"):
                self._responses(body)
            elif path.endswith("/chat/completions"):
                self._chat(body)
            elif "GenerateContent" in path or "generateContent" in path:
                self._gemini(body, "stream" in path)
            else:
                self._record(path, "", body, {})
                self._json({"error": {"message": "not in the stand-in", "code": 404}}, 404)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _record(self, path, prompt, body, rule):
        entry = {
            "t": time.time(),
            "path": path,
            "prompt": prompt,
            "rule": rule,
            "model": body.get("model"),
            "body": body,
        }
        with self.state.lock:
            self.state.requests.append(entry)
            if self.state.log_path:
                with open(self.state.log_path, "a", encoding="utf-8") as f:
                    f.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def _fail(self, rule) -> bool:
        time.sleep(float(rule.get("first_delay", 0)))  # paced: the rule says so
        if int(rule.get("status", 200)) == 200:
            return False
        err = rule.get("error") or {
            "message": rule.get("message", "stand-in error"),
            "type": rule.get("error_type", "server_error"),
            "code": rule.get("code", rule["status"]),
        }
        self._json({"error": err}, rule["status"], rule.get("headers"))
        return True

    # -- OpenAI Responses -------------------------------------------------
    def _responses(self, body):
        items = body.get("input") or []
        if isinstance(items, str):
            items = [{"role": "user", "content": items}]
        last_user, last = "", items[-1] if items else {}
        for it in items:
            if it.get("role") == "user":
                c = it.get("content", "")
                t = c if isinstance(c, str) else "\n".join(p.get("text", "") for p in c)
                # What Codex adds of its own is tagged; what a hook hands over is a prompt.
                if not t.lstrip().startswith("<") or t.startswith("<hook_prompt"):
                    last_user = t
        rule = self.state.choose(
            last_user, last.get("type", "").endswith("_output"), not body.get("tools")
        )
        self._record(self.path, last_user, body, rule)
        if self._fail(rule):
            return
        self._start_sse(rule.get("headers"))
        rid, seq = "resp_" + uuid.uuid4().hex[:16], 0

        def ev(kind, **kw):
            nonlocal seq
            self._chunk(
                f"event: {kind}\ndata: "
                f"{json.dumps({'type': kind, 'sequence_number': seq, **kw})}\n\n"
            )
            seq += 1

        ev("response.created", response={"id": rid, "status": "in_progress", "output": []})
        out = []
        ps = pieces(rule)
        if ps:
            mid = "msg_" + uuid.uuid4().hex[:16]
            ev(
                "response.output_item.added",
                output_index=0,
                item={
                    "id": mid,
                    "type": "message",
                    "role": "assistant",
                    "status": "in_progress",
                    "content": [],
                },
            )
            for p in ps:
                ev(
                    "response.output_text.delta",
                    item_id=mid,
                    output_index=0,
                    content_index=0,
                    delta=p,
                )
                time.sleep(float(rule.get("chunk_delay", 0)))  # paced: the rule says so
            item = {
                "id": mid,
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": "".join(ps), "annotations": []}],
            }
            ev("response.output_item.done", output_index=0, item=item)
            out.append(item)
        if rule.get("tool"):
            t = rule["tool"]
            item = {
                "id": "fc_" + uuid.uuid4().hex[:16],
                "type": "function_call",
                "status": "completed",
                "call_id": "call_" + uuid.uuid4().hex[:16],
                "name": t["name"],
                "arguments": json.dumps(t.get("args", {})),
            }
            ev("response.output_item.added", output_index=len(out), item=item)
            ev("response.output_item.done", output_index=len(out), item=item)
            out.append(item)
        usage = {
            "input_tokens": 1000,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 1020,
        }
        ev(
            "response.completed",
            response={
                "id": rid,
                "status": "completed",
                "output": out,
                "usage": {**usage, **(rule.get("usage") or {})},
            },
        )
        self._end()

    # -- OpenAI Chat ------------------------------------------------------
    def _chat(self, body):
        msgs = body.get("messages") or []
        last_user = ""
        for m in msgs:
            if m.get("role") == "user":
                c = m.get("content", "")
                last_user = c if isinstance(c, str) else "\n".join(p.get("text", "") for p in c)
        rule = self.state.choose(
            last_user, bool(msgs) and msgs[-1].get("role") == "tool", not body.get("tools")
        )
        self._record(self.path, last_user, body, rule)
        if self._fail(rule):
            return None
        base = {
            "id": "chatcmpl-" + uuid.uuid4().hex[:12],
            "created": int(time.time()),
            "model": body.get("model", "standin"),
        }
        usage = {"prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020}
        tool = rule.get("tool")
        calls = (
            [
                {
                    "index": 0,
                    "id": "call_" + uuid.uuid4().hex[:12],
                    "type": "function",
                    "function": {
                        "name": tool["name"],
                        "arguments": json.dumps(tool.get("args", {})),
                    },
                }
            ]
            if tool
            else None
        )
        if not body.get("stream"):
            msg = {"role": "assistant", "content": "".join(pieces(rule))}
            if calls:
                msg["tool_calls"] = calls
            return self._json(
                {
                    **base,
                    "object": "chat.completion",
                    "usage": usage,
                    "choices": [
                        {
                            "index": 0,
                            "message": msg,
                            "finish_reason": "tool_calls" if calls else "stop",
                        }
                    ],
                }
            )
        self._start_sse(rule.get("headers"))

        def ev(delta, finish=None):
            self._chunk(
                "data: "
                + json.dumps(
                    {
                        **base,
                        "object": "chat.completion.chunk",
                        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
                    }
                )
                + "\n\n"
            )

        ev({"role": "assistant", "content": ""})
        for p in pieces(rule):
            ev({"content": p})
            time.sleep(float(rule.get("chunk_delay", 0)))  # paced: the rule says so
        if calls:
            ev({"tool_calls": calls})
        ev({}, "tool_calls" if calls else "stop")
        self._chunk(
            "data: "
            + json.dumps({**base, "object": "chat.completion.chunk", "choices": [], "usage": usage})
            + "\n\ndata: [DONE]\n\n"
        )
        self._end()
        return None

    # -- Gemini -----------------------------------------------------------
    def _gemini(self, body, stream):
        contents = body.get("contents") or []
        last_user, after_tool = "", False
        for c in contents:
            if c.get("role") == "user":
                parts = c.get("parts", [])
                after_tool = any("functionResponse" in p for p in parts)
                t = "\n".join(p.get("text", "") for p in parts if "text" in p)
                if t and not after_tool:
                    last_user = t
        rule = self.state.choose(last_user, after_tool, not body.get("tools"))
        self._record(self.path, last_user, body, rule)
        if self._fail(rule):
            return None

        def doc(parts, finish=None):
            cand = {"content": {"role": "model", "parts": parts}, "index": 0}
            if finish:
                cand["finishReason"] = finish
            return {
                "candidates": [cand],
                "modelVersion": "standin",
                "responseId": uuid.uuid4().hex[:8],
                "usageMetadata": {
                    "promptTokenCount": 1000,
                    "candidatesTokenCount": 20,
                    "totalTokenCount": 1020,
                },
            }

        tool = rule.get("tool")
        tparts = (
            [{"functionCall": {"name": tool["name"], "args": tool.get("args", {})}}] if tool else []
        )
        if not stream:
            return self._json(doc([{"text": "".join(pieces(rule))}, *tparts], "STOP"))
        self._start_sse(rule.get("headers"))
        for p in pieces(rule):
            self._chunk("data: " + json.dumps(doc([{"text": p}])) + "\r\n\r\n")
            time.sleep(float(rule.get("chunk_delay", 0)))  # paced: the rule says so
        self._chunk("data: " + json.dumps(doc(tparts or [{"text": ""}], "STOP")) + "\r\n\r\n")
        self._end()
        return None


def make_server(port=0, log_path=None):
    state = State(log_path)
    server = ThreadingHTTPServer(
        ("127.0.0.1", port), type("BoundHandler", (Handler,), {"state": state})
    )
    server.daemon_threads = True
    server.state = state
    return server


def main(argv=None) -> int:
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--port", type=int, default=8789)
    ap.add_argument("--log")
    a = ap.parse_args(argv)
    server = make_server(a.port, a.log)
    print(f"stand-ins on http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
