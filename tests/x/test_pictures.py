"""Pictures are fetched from X's picture host alone, in bounds; whatever goes wrong, there is none."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from spacebot.sandbox.x import Fault, LocalX
from spacebot.x.pictures import FRESH, KEPT, LARGEST, TRIED_AGAIN, Pictures
from tests.clocks import FakeClock

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
PNG_URI = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


@dataclass(kw_only=True)
class Scene:
    """Pictures of a local X."""

    x: LocalX
    pictures: Pictures
    clock: FakeClock

    @property
    def asked(self) -> int:
        """How often X was asked for a picture."""
        return len(self.x.requests)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    clock = FakeClock()
    async with LocalX() as x, aiohttp.ClientSession() as session:
        yield Scene(x=x, pictures=Pictures(session=session, origin=x.url, clock=clock), clock=clock)


async def test_a_picture_is_fetched_once_however_many_ask(scene: Scene) -> None:
    address = scene.x.add_picture(PNG)
    found = await asyncio.gather(*[scene.pictures.fetch(address) for _ in range(50)])
    assert set(found) == {PNG_URI}
    assert scene.asked == 1
    assert "Authorization" not in str(scene.x.requests[0])
    await scene.clock.advance(FRESH - 1)
    assert await scene.pictures.fetch(address) == PNG_URI
    assert scene.asked == 1
    await scene.clock.advance(2)
    assert await scene.pictures.fetch(address) == PNG_URI
    assert scene.asked == 2


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/a.png",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "{origin}@evil.example/a.png",
        "{with_user}/profile_images/1/picture_normal.png",
        "{as_https}/profile_images/1/picture_normal.png",
        "http://127.0.0.1:1/profile_images/1/picture_normal.png",
        "http://[",
        "",
        "/profile_images/1/picture_normal.png",
    ],
)
async def test_nothing_is_asked_for_elsewhere(scene: Scene, elsewhere: str) -> None:
    scene.x.add_picture(PNG)
    origin = scene.x.url
    address = elsewhere.format(
        origin=origin, with_user=origin.replace("//", "//me:secret@"), as_https=origin.replace("http:", "https:")
    )
    assert await scene.pictures.fetch(address) is None
    assert scene.asked == 0


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=302, headers={"Location": "https://evil.example/a.png"}, content_type="image/png", body=PNG),
        Fault(status=404, body=b"", content_type="image/png"),
        Fault(status=200, body=b"<svg onload='x'/>", content_type="image/svg+xml"),
        Fault(status=200, body=b"<html>", content_type="image/png"),
        Fault(status=200, body=PNG, content_type="text/html"),
        Fault(status=200, body=PNG, content_type=None),
        Fault(status=200, body=PNG + bytes(LARGEST), content_type="image/png"),
        Fault(status=200, body=PNG * 10, content_type="image/png", endless=True),
        Fault.dropped("truncate"),
        Fault.garbage(),
    ],
    ids=lambda fault: str(fault.drop or fault.status)[:20],
)
async def test_what_is_no_picture_or_too_large_is_none_and_is_not_asked_for_again_soon(
    scene: Scene, fault: Fault
) -> None:
    address = scene.x.add_picture(PNG)
    scene.x.fault("/profile_images/", fault)
    assert await scene.pictures.fetch(address) is None
    assert scene.asked == 1, "no redirect is followed"
    assert await scene.pictures.fetch(address) is None
    assert scene.asked == 1
    await scene.clock.advance(TRIED_AGAIN + 1)
    assert await scene.pictures.fetch(address) == PNG_URI


async def test_nobody_waits_long_and_only_so_many_wait(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacebot.x.pictures.PATIENCE", 0.1)
    addresses = [scene.x.add_picture(PNG) for _ in range(30)]
    scene.x.fault("/profile_images/", Fault(delay=60.0, times=None))
    async with asyncio.timeout(5):
        assert set(await asyncio.gather(*map(scene.pictures.fetch, addresses))) == {None}
    assert scene.x.in_flight <= 8


async def test_only_so_many_are_kept(scene: Scene) -> None:
    addresses = [scene.x.add_picture(PNG) for _ in range(KEPT + 1)]
    for address in addresses:
        assert await scene.pictures.fetch(address) == PNG_URI
    before = scene.asked
    await scene.pictures.fetch(addresses[-1])
    assert scene.asked == before
    await scene.pictures.fetch(addresses[0])
    assert scene.asked == before + 1


async def test_who_is_cancelled_takes_nobody_along(scene: Scene) -> None:
    address = scene.x.add_picture(PNG)
    first = asyncio.create_task(scene.pictures.fetch(address))
    second = asyncio.create_task(scene.pictures.fetch(address))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second == PNG_URI
