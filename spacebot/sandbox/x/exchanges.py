"""What passed between a client and the local X, kept whole so that a test can say what must have been asked, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from spacebot.sandbox.x.faults import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer.

    `endpoint` is the name that faults and limits use, None for a path that X does not have. `query` has the last value of
    each parameter. `status` is None where the connection was reset instead of an answer. `response_body` is not compressed.
    `fault` is the one that met it, if any.
    """

    time: datetime
    method: str
    path: str
    endpoint: str | None
    query: Mapping[str, str]
    token: Literal["app", "user", "none", "unknown"]
    status: int | None
    request_body: bytes = field(default=b"", repr=False)
    response_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    response_body: bytes = field(default=b"", repr=False)
    fault: Fault | None = None
