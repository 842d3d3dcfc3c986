"""Files that somebody uploaded; they can be fetched as long as the local Discord runs."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True, eq=False)
class LocalFile:
    """A file on somebody's disk; its `id` is 0 until it is uploaded. Its `description` is what screen readers say."""

    name: str
    content: bytes
    content_type: str = "application/octet-stream"
    description: str | None = None
    id: int = 0
