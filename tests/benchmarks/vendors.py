"""Vendors that answer at once: the least that a turn needs of Meta, Gemini and Google.

The simulators proper check and understand, which costs; here only the platform is measured. Three
roles on one port. `GET /sent` tells when each message was accepted, `GET /sent/<number>` when one was. `... vendors PORT`
"""

import sys
import time
from itertools import count
from typing import Any

import orjson
import uvicorn
from starlette.types import Receive, Scope, Send

CALL = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [
                    {
                        "functionCall": {
                            "id": "fc1",
                            "name": "find_slots",
                            "args": {"service_id": "corte"},
                        },
                        "thoughtSignature": "c2ln",
                    }
                ],
            },
            "finishReason": "STOP",
        }
    ],
    "modelVersion": "instant",
}
TEXT = {
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"text": "Qual delas fica melhor para você?"}]},
            "finishReason": "STOP",
        }
    ],
    "modelVersion": "instant",
}
TOKEN = {"access_token": "ya29", "expires_in": 3599, "token_type": "Bearer"}
EVENTS = {"items": [], "accessRole": "writer", "timeZone": "America/Sao_Paulo"}


class Vendors:
    def __init__(self) -> None:
        self.sent: dict[str, float] = {}
        self._ids = count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        answer = orjson.dumps(self._answer(scope["path"], body))
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(answer)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, path: str, body: bytes) -> Any:
        if path == "/sent":
            return self.sent
        if path.startswith("/sent/"):
            return self.sent.get(path.removeprefix("/sent/"))
        if path.endswith("/messages"):
            asked = orjson.loads(body)
            if asked.get("status") == "read":
                return {"success": True}
            self.sent[asked["to"]] = time.time()
            return {"messages": [{"id": f"wamid.{next(self._ids)}"}]}
        if path.endswith(":generateContent"):
            last = orjson.loads(body)["contents"][-1]["parts"][-1]
            return TEXT if "functionResponse" in last else CALL
        return TOKEN if path == "/token" else EVENTS


if __name__ == "__main__":
    uvicorn.run(
        Vendors(), host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning"
    )
