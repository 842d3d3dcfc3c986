"""One process per database: whoever runs the bot holds a lock beside the file for as long as the process lives.

Two bots on one database would answer the same commands and ask X twice as often as it allows.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from spacebot.errors import StoreError


class ProcessLock:
    """The right to run the bot on a database. A context manager.

    The operating system gives the lock back when the process ends, however it ends: nothing is ever left to clean up.
    The file stays, for removing it would let a third process lock another file of the same name.
    """

    def __init__(self, database: Path) -> None:
        """Take the path of the database; the lock is a file of the same name that ends in `.lock`."""
        self._database = database
        self._path = database.with_name(f"{database.name}.lock")
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            StoreError: Another process has it, named by its number; or the file cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(file, 20, 0).decode("ascii", "replace").strip() or "another one"
            os.close(file)
            raise StoreError(
                f"{self._database} is in use by the bot in process {holder}: stop it first, or set SPACEBOT_DATABASE to"
                " another file."
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
