"""A local server that speaks OpenAI's Chat Completions protocol, so that HTTP is real in tests."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, convert_to_messages
from langchain_core.utils.function_calling import convert_to_openai_tool
from loopback import running

Answer = Callable[[list[BaseMessage], list[dict[str, Any]]], AIMessage]


def openai_server(answer: Answer) -> AbstractContextManager["Server"]:
    """Serve `answer(messages, tools)` on a free port of 127.0.0.1 until the block ends."""
    return running(Server(answer))


class Server(ThreadingHTTPServer):
    """Keeps every request body it received in `requests`."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.requests: list[dict[str, Any]] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append({"path": self.path, **body})
        if self.path != "/v1/chat/completions":
            self._send(404, {"error": {"message": f"no such route: {self.path}"}})
            return
        tools = [convert_to_openai_tool(tool) for tool in body.get("tools", ())]
        message = self.server.answer(convert_to_messages(body["messages"]), tools)
        if body.get("stream"):
            self._stream(body, message)
        else:
            self._send(200, _completion(body, message))

    def _send(self, status: int, payload: dict[str, Any]) -> None:
        data = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, body: dict[str, Any], message: AIMessage) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        whole = _completion(body, message)
        delta = whole["choices"][0]["message"]
        for i, tool_call in enumerate(delta.get("tool_calls", ())):
            tool_call["index"] = i
        choice = {"index": 0, "delta": delta, "finish_reason": whole["choices"][0]["finish_reason"]}
        head = {k: whole[k] for k in ("id", "created", "model")}
        head["object"] = "chat.completion.chunk"
        for chunk in ({"choices": [choice]}, {"choices": [], "usage": whole["usage"]}):
            self.wfile.write(f"data: {json.dumps(head | chunk)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""


def _completion(body: dict[str, Any], message: AIMessage) -> dict[str, Any]:
    usage = message.usage_metadata or {"input_tokens": 10, "output_tokens": 5}
    reply: dict[str, Any] = {"role": "assistant", "content": message.text or None}
    if message.tool_calls:
        reply["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": json.dumps(call["args"])},
            }
            for call in message.tool_calls
        ]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "message": reply,
                "finish_reason": "tool_calls" if message.tool_calls else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": usage["input_tokens"],
            "completion_tokens": usage["output_tokens"],
            "total_tokens": usage["input_tokens"] + usage["output_tokens"],
        },
    }
