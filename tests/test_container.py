"""What a container is made of is known to the byte: nothing in the Dockerfile is a name that may mean another thing tomorrow."""

import re
import shlex
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
PINNED = re.compile(r"[\w.-]+==[\w.+!-]+( *;.*)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}$")


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile and what it is given, in order; continued lines are joined."""
    lines = [line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(word.upper(), given.strip()) for word, _, given in (line.partition(" ") for line in whole if line)]


def base_images() -> list[str]:
    """The images that are fetched; what stands in an ARG is put in its place, and earlier stages are left out."""
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    images = []
    for word, given in instructions():
        if word == "ARG":
            name, _, default = given.partition("=")
            arguments[name] = default
        elif word == "FROM":
            image, *stage = re.split(r"\s+AS\s+", given, flags=re.IGNORECASE)
            image = re.sub(r"\$\{?(\w+)\}?", lambda named: arguments[named[1]], image)
            if image not in stages:
                images.append(image)
            stages.update(stage)
    return images


def pip_commands() -> list[list[str]]:
    """The words of every use of pip, from `install` or `wheel` on."""
    found = []
    for word, given in instructions():
        for command in re.split(r"&&|;|\|\|", given) if word == "RUN" else []:
            words = shlex.split(command)
            pip = next((place for place, each in enumerate(words) if re.search(r"(^|/)pip[\d.]*$", each)), None)
            if pip is not None:
                found.append(words[pip + 1 :])
    return found


def requirements(file: str) -> dict[str, list[str]]:
    """What a file of requirements asks for, as it stands there, and the options of each."""
    lines = [line for line in (ROOT / file).read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    entries = filter(str.strip, "\n".join(lines).replace("\\\n", " ").splitlines())
    split = (re.split(r"\s+(?=--)", entry.strip()) for entry in entries)
    return {requirement: options for requirement, *options in split}


def test_every_base_image_is_named_by_its_digest() -> None:
    images = base_images()
    assert images
    assert [image for image in images if not DIGEST.search(image)] == []


def test_all_that_is_fetched_is_pinned_and_hashed() -> None:
    files = []
    for words in pip_commands():
        if "--no-index" in words:
            continue
        assert "--require-hashes" in words, words
        assert "-r" in words, words
        files += [words[place + 1] for place, word in enumerate(words) if word == "-r"]
    assert sorted(files) == ["requirements-build.lock", "requirements.lock"]
    for file in files:
        asked = requirements(file)
        assert asked
        assert [each for each in asked if not PINNED.fullmatch(each)] == []
        assert [each for each, options in asked.items() if not options or not all(map(HASH.match, options))] == []


def test_the_wheel_is_built_by_what_is_pinned_and_nothing_else() -> None:
    builds = [words for words in pip_commands() if words[0] == "wheel" or "." in words]
    assert builds
    for words in builds:
        assert "--no-build-isolation" in words, words
        assert "--no-index" in words, words
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    pinned = {each.partition("==")[0] for each in requirements("requirements-build.lock")}
    assert {re.split(r"[^\w.-]", each)[0] for each in asked} <= pinned
