"""X's words for what went wrong: every body has the shape that X was seen or documented to send."""

from collections.abc import Mapping, Sequence

from spacebot.sandbox.x.quirks import Generation

Json = dict[str, object]


class Refusal(Exception):
    """X answers with something else than 200; `status` and `body` are that answer, `headers` go with it."""

    def __init__(self, status: int, body: Json, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def type_uri(generation: Generation, name: str) -> str:
    """The URI of a kind of problem; its host changed between the generations."""
    host = "api.x.com" if generation == "2.167" else "api.twitter.com"
    return f"https://{host}/2/problems/{name}"


def blank(status: int, title: str) -> Json:
    """The answer that has no kind of its own: 401, 404, 405, 429 and some 403."""
    return {"title": title, "detail": title, "type": "about:blank", "status": status}


def code_88() -> Json:
    """The 429 of older days."""
    return {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}


def invalid_request(generation: Generation, errors: Sequence[tuple[str, Sequence[str], str]]) -> Refusal:
    """400: each error is the parameter's name, the values it had, and what is wrong with it."""
    return Refusal(
        400,
        {
            "errors": [{"parameters": {name: list(values)}, "message": message} for name, values, message in errors],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": type_uri(generation, "invalid-request"),
        },
    )


def unsupported_authentication(generation: Generation, *, sent: str, accepted: Sequence[str]) -> Refusal:
    """403: this endpoint does not take this kind of token."""
    return Refusal(
        403,
        {
            "title": "Unsupported Authentication",
            "detail": f"Authenticating with {sent} is forbidden for this endpoint.  "
            f"Supported authentication types are [{', '.join(accepted)}].",
            "type": type_uri(generation, "unsupported-authentication"),
            "status": 403,
        },
    )


def too_many_connections(generation: Generation) -> Json:
    """429: the stream has as many connections as it may."""
    return {
        "title": "ConnectionException",
        "detail": "This stream is currently at the maximum allowed connection limit.",
        "connection_issue": "TooManyConnections",
        "type": type_uri(generation, "streaming-connection"),
    }


def not_found(generation: Generation, *, resource: str, parameter: str, value: str) -> Json:
    """Part of a 200: there is no such Space, user or list, or X does not say so."""
    return {
        "value": value,
        "detail": f"Could not find {resource} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": value,
        "type": type_uri(generation, "resource-not-found"),
    }


def forbidden_user(generation: Generation, *, parameter: str, value: str, because: str) -> Json:
    """Part of a 200: the user exists, but X does not show them; `because` is 'has been suspended' or 'is protected'."""
    return {
        "value": value,
        "detail": f"User {because}: [{value}].",
        "title": "Forbidden",
        "resource_type": "user",
        "parameter": parameter,
        "resource_id": value,
        "type": type_uri(generation, "resource-not-found"),
    }


def not_authorized(generation: Generation, *, parameter: str, space_id: str) -> Json:
    """Part of a 200, or the body of a 403: this token may not see that Space."""
    return {
        "value": space_id,
        "detail": f"Sorry, you are not authorized to see the Space with {parameter}: [{space_id}].",
        "title": "Authorization Error",
        "resource_type": "space",
        "parameter": parameter,
        "resource_id": space_id,
        "type": type_uri(generation, "not-authorized-for-resource"),
    }
