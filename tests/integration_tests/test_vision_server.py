"""OpenAI's client against a local server that looks at the pixels it is sent."""

import asyncio
import base64
import io
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from loopback import running
from PIL import Image

from langchain_phase5.vision import ToolImageMiddleware, VisionAnalyzer, VisionToolkit

pytestmark = pytest.mark.enable_socket


class LookingServer(ThreadingHTTPServer):
    """Speaks Chat Completions and Responses, and answers with the colors of the images."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[dict] = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        route = self.path.rsplit("/", 1)[-1]
        if route == "completions" and _images_in_tool_messages(body):
            self._reply(
                400, {"error": {"message": "Image URLs are only allowed for user messages"}}
            )
            return
        images = list(_images(body))
        self.server.seen.append({"route": route, "images": images, "body": body})
        self._reply(
            200, _chat(body, images) if route == "completions" else _responses(body, images)
        )

    def _reply(self, status, payload):
        data = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _images_in_tool_messages(body):
    return any(
        isinstance(part, dict) and part.get("type") != "text"
        for message in body["messages"]
        if message["role"] == "tool" and isinstance(message["content"], list)
        for part in message["content"]
    )


def _images(value):
    """Every image in a request, decoded: in chat parts, response inputs and tool outputs."""
    if isinstance(value, dict):
        url = value.get("image_url")
        url = url.get("url") if isinstance(url, dict) else url
        if isinstance(url, str):
            yield Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")
        for part in value.values():
            yield from _images(part)
    elif isinstance(value, list):
        for part in value:
            yield from _images(part)


def _colors(images):
    names = {(0, 128, 128): "teal", (255, 0, 0): "red"}
    return ", ".join(names.get(i.getpixel((i.width // 2, i.height // 2)), "other") for i in images)


def _arguments(body, images):
    """Arguments for the tool the client forces, or to look at the image it has not seen yet."""
    tool = body["tools"][0]
    name = tool.get("function", tool)["name"]
    if name == "analyze_image":
        return name, {"image": "teal.png"}
    answers = {"description": _colors(images), "summary": _colors(images), "confidence": 0.9}
    return name, answers


def _chat(body, images):
    message = {"role": "assistant", "content": _colors(images)}
    if "response_format" in body:
        message["content"] = json.dumps(
            {"description": _colors(images), "objects": [], "text": None, "answer": None,
             "confidence": 0.9, "summary": _colors(images), "similarities": [], "differences": []}
        )  # fmt: skip
    elif body.get("tools") and not images:
        name, arguments = _arguments(body, images)
        call = {"name": name, "arguments": json.dumps(arguments)}
        message = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
        }
    return {
        "id": f"chat-{uuid4()}",
        "object": "chat.completion",
        "created": 0,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020},
    }


def _responses(body, images):
    output = {
        "type": "message", "id": f"m-{uuid4()}", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": _colors(images), "annotations": []}],
    }  # fmt: skip
    if body.get("tools") and not images:
        name, arguments = _arguments(body, images)
        output = {
            "type": "function_call", "id": "f", "call_id": "call_1", "name": name,
            "arguments": json.dumps(arguments), "status": "completed",
        }  # fmt: skip
    return {
        "id": f"r-{uuid4()}",
        "object": "response",
        "created_at": 0,
        "model": "gpt-4o",
        "status": "completed",
        "output": [output],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 1000,
            "output_tokens": 20,
            "total_tokens": 1020,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
    }


@pytest.fixture
def server():
    with running(LookingServer()) as server:
        yield server


def model_of(server, **kwargs):
    return ChatOpenAI(model="gpt-4o", base_url=server.url, api_key="none", max_retries=0, **kwargs)


@pytest.fixture(params=["sync", "async"])
def ask(request):
    def invoke(analyzer, method, *args, **kwargs):
        if request.param == "sync":
            return getattr(analyzer, f"{method}_sync")(*args, **kwargs)
        return asyncio.run(getattr(analyzer, method)(*args, **kwargs))

    return invoke


def test_the_server_sees_the_pixels_and_is_paid_for_them(server, ask):
    analyzer = VisionAnalyzer(model_of(server))
    result = ask(analyzer, "analyze_image", Image.new("RGB", (640, 480), "teal"))
    assert result.description == "teal"
    assert result.engine == "gpt-4o-2024-08-06"
    assert result.usage["input_tokens"] == 1000
    assert result.cost == pytest.approx(1000 * 2.5e-6 + 20 * 10e-6)


def test_a_large_image_arrives_in_the_size_the_model_looks_at(server, ask):
    analyzer = VisionAnalyzer(model_of(server))
    ask(analyzer, "analyze_image", Image.new("RGB", (4000, 2000), "red"), detail="high")
    request = server.seen[0]
    assert request["images"][0].size == (1536, 768)
    assert '"detail": "high"' in json.dumps(request["body"])


def test_a_file_on_its_side_arrives_upright(server, ask):
    image = Image.new("RGB", (300, 200), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    ask(VisionAnalyzer(model_of(server)), "analyze_image", file.getvalue())
    assert server.seen[0]["images"][0].size == (200, 300)
    assert b"Exif" not in json.dumps(server.seen[0]["body"]).encode()


def test_two_equal_images_travel_once(server, ask):
    teal, red = Image.new("RGB", (64, 64), "teal"), Image.new("RGB", (64, 64), "red")
    result = ask(VisionAnalyzer(model_of(server)), "compare_images", [teal, red, teal])
    assert result.summary == "teal, red"


@pytest.mark.parametrize("responses", [False, True])
@pytest.mark.parametrize("async_", [False, True])
async def test_an_image_in_a_tool_result_reaches_the_model_on_both_routes(
    server, tmp_path, responses, async_
):
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "teal.png")
    toolkit = VisionToolkit(VisionAnalyzer(ocr=None), roots=[tmp_path], show_images=True)
    agent = create_agent(
        model_of(server, use_responses_api=responses),
        tools=toolkit.get_tools(),
        middleware=[ToolImageMiddleware()],
    )
    question = {"messages": [("user", "What color is teal.png?")]}
    result = await agent.ainvoke(question) if async_ else agent.invoke(question)
    assert result["messages"][-1].text == "teal"
    assert {request["route"] for request in server.seen} == (
        {"responses"} if responses else {"completions"}
    )
