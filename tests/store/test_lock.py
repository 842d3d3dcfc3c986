"""One process per database: a second one is told which process has it, and a dead one leaves nothing behind."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from spacebot.errors import StoreError
from spacebot.store.lock import ProcessLock

HOLD = """
import sys
from pathlib import Path
from spacebot.store.lock import ProcessLock
with ProcessLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_refused_and_told_which_one_has_the_database(tmp_path: Path) -> None:
    path = tmp_path / "spacebot.sqlite3"
    with holder(path) as first:
        with pytest.raises(StoreError, match=f"process {first.pid}: stop it first"), ProcessLock(path):
            pass
        first.kill()


def test_a_process_that_was_killed_leaves_nothing_to_clean_up(tmp_path: Path) -> None:
    path = tmp_path / "spacebot.sqlite3"
    with holder(path) as first:
        first.kill()
    with ProcessLock(path):
        pass


def test_the_lock_is_free_again_once_its_holder_has_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "spacebot.sqlite3"
    for _ in range(2):
        with ProcessLock(path):
            pass
    lock = path.with_name("spacebot.sqlite3.lock")
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    assert lock.read_text() == f"{os.getpid()}\n"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/spacebot\.sqlite3\.lock cannot be opened"):
        ProcessLock(tmp_path / "file" / "spacebot.sqlite3").__enter__()
