"""The ways Discord says no; a refusal always carries the status, the code and the text of the original.

Source: Discord's documentation, 'Opcodes and Status Codes', JSON error codes.
"""

from math import ceil
from typing import Any

_CODES = {
    0: (404, "404: Not Found"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10011: (404, "Unknown Role"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    10070: (404, "Unknown Guild Scheduled Event"),
    10087: (404, "Unknown tag"),
    20012: (403, "You are not authorized to perform this action on this application"),
    30005: (400, "Maximum number of guild roles reached (250)"),
    30032: (400, "Maximum number of application commands reached (100)."),
    30038: (400, "Maximum number of guild scheduled events reached (100)"),
    40005: (413, "Request entity too large"),
    40033: (400, "This message has already been crossposted."),
    40060: (400, "Interaction has already been acknowledged."),
    40094: (400, "This interaction has reached the maximum number of follow-up messages"),
    40067: (400, "A tag is required to create a forum post in this channel"),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50028: (400, "Invalid Role"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    180000: (400, "Cannot update a finished event"),
    160005: (400, "This thread is locked"),
    200000: (400, "Message was blocked by automatic moderation"),
}


_LIMITS = {
    0: "You are being rate limited.",
    30034: "Max number of daily application command creates has been reached (200)",
    30046: "Maximum number of edits to messages older than 1 hour reached. Try again later",
}


class Refusal(Exception):
    """Discord's 'no' by its code; `errors` is the tree of field errors that 50035 brings."""

    def __init__(self, code: int, *, errors: dict[str, Any] | None = None) -> None:
        self.status, text = _CODES[code]
        self.body: dict[str, Any] = {"message": text, "code": code}
        if errors:
            self.body["errors"] = errors
        super().__init__(f"{self.status} {code}: {text}")


class Unauthorized(Refusal):
    """No token, or not the bot's."""

    def __init__(self) -> None:
        super().__init__(0)
        self.status = 401
        self.body = {"message": "401: Unauthorized", "code": 0}


class MethodNotAllowed(Refusal):
    """The path is known, but not with this method."""

    def __init__(self) -> None:
        super().__init__(0)
        self.status = 405
        self.body = {"message": "405: Method Not Allowed", "code": 0}


class Unavailable(Refusal):
    """Discord itself cannot answer."""

    def __init__(self) -> None:
        super().__init__(0)
        self.status = 503
        self.body = {"message": "503: Service Unavailable", "code": 0}


class Limited(Refusal):
    """A 429: come back in `retry_after` seconds; `scope` is X-RateLimit-Scope."""

    def __init__(self, retry_after: float, *, scope: str = "user", code: int = 0) -> None:
        super().__init__(0)
        self.status = 429
        self.scope = scope
        self.retry_after = max(1, ceil(retry_after * 1000)) / 1000
        self.body = {
            "message": _LIMITS[code],
            "retry_after": self.retry_after,
            "global": scope == "global",
            "code": code,
        }
