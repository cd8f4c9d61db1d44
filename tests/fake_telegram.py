"""A Telegram for one bot, in a thread: it takes calls, and makes the updates that it would send."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "7000000001:AAfake-bot-token"
BOT = {"id": 7_000_000_001, "is_bot": True, "first_name": "Lumelle", "username": "lumelle_bot"}


class Refused(Exception):
    """An answer that is not ok."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.answer = {"ok": False, "error_code": code, "description": description}
        if parameters:
            self.answer["parameters"] = parameters
        self.code = code


class FakeTelegram:
    """What there is, and what was called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.webhook: dict[str, Any] = {"url": ""}
        self.messages: dict[tuple[int, int], dict[str, Any]] = {}
        self.chats: dict[int, dict[str, Any]] = {}
        # What the next calls are answered with instead: Refused, or bytes that are no JSON.
        self.instead: list[Refused | bytes] = []
        self.drop_after_write = False
        self._updates = 100
        self._numbers = 10
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = fake.answer(self.path, json.loads(body))
                if fake.drop_after_write:
                    self.connection.close()
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, *args: object) -> None:
                """A connection that we closed ourselves is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        serving = {"poll_interval": 0.02}
        threading.Thread(target=self._server.serve_forever, kwargs=serving, daemon=True).start()

    def stop(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, values: dict[str, Any]) -> tuple[int, bytes]:
        """Carry out a call."""
        _, bot, method = path.split("/")
        try:
            if bot != f"bot{TOKEN}":
                raise Refused(401, "Unauthorized")
            self.calls.append((method, values))
            if self.instead:
                instead = self.instead.pop(0)
                if isinstance(instead, bytes):
                    return 200, instead
                raise instead
            result = getattr(self, method)(values)
        except Refused as refused:
            return refused.code, json.dumps(refused.answer).encode()
        return 200, json.dumps({"ok": True, "result": result}).encode()

    def getMe(self, values: dict[str, Any]) -> Any:
        """Who the bot is."""
        return BOT

    def setWebhook(self, values: dict[str, Any]) -> Any:
        """Where updates go."""
        self.webhook = values
        return True

    def deleteWebhook(self, values: dict[str, Any]) -> Any:
        """Nowhere any more."""
        self.webhook = {"url": ""}
        return True

    def getWebhookInfo(self, values: dict[str, Any]) -> Any:
        """Where updates go, without the secret."""
        return {"url": self.webhook["url"], "pending_update_count": 0}

    def sendMessage(self, values: dict[str, Any]) -> Any:
        """Write into a chat, as an answer or not."""
        chat = self.chats.get(values["chat_id"])
        if chat is None:
            raise Refused(400, "Bad Request: chat not found")
        answered = values.get("reply_parameters", {}).get("message_id")
        if answered and (chat["id"], answered) not in self.messages:
            raise Refused(400, "Bad Request: message to be replied not found")
        if len(values["text"].encode("utf-16-le")) > 2 * 4_096:
            raise Refused(400, "Bad Request: message is too long")
        return self._kept({"from": BOT, "chat": chat, "text": values["text"]})

    def deleteMessage(self, values: dict[str, Any]) -> Any:
        """Delete a message."""
        if self.messages.pop((values["chat_id"], values["message_id"]), None) is None:
            raise Refused(400, "Bad Request: message to delete not found")
        return True

    def said(self, text: str, *, chat: int = 5, kind: str = "private", **more: Any) -> bytes:
        """Let somebody write, and return the update that Telegram sends of it."""
        place = {"id": chat, "type": kind, **more.pop("of_chat", {})}
        self.chats[chat] = place
        writer = {"id": 5_555_555_555, "is_bot": False, "first_name": "Anna", "username": "anna"}
        name = more.pop("name", "message")
        message = self._kept({"from": writer, "chat": place, "text": text, **more})
        self._updates += 1
        return json.dumps({"update_id": self._updates, name: message}).encode()

    def _kept(self, message: dict[str, Any]) -> dict[str, Any]:
        self._numbers += 1
        kept = {"message_id": self._numbers, "date": 1_790_000_000, **message}
        self.messages[(kept["chat"]["id"], kept["message_id"])] = kept
        return kept
