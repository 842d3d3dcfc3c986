"""Nothing secret is logged at any level: the whole bot at DEBUG, searched for every token that it was given or gave out."""

import re

from spacebot.sandbox.x import Fault
from tests.system.scene import Club, Scene, ask
from tests.system.test_linking import consent, link, linking


async def test_the_log_at_debug_shows_no_token_of_anybody(scene: Scene, book_club: Club) -> None:
    creator = scene.x.add_user("creator")
    settings = linking(scene, SPACEBOT_LOG_LEVEL="DEBUG")
    bot = await scene.bot(**settings)
    await ask(book_club.admin, book_club.spaces, "watch add", host="@creator", channel=book_club.spaces)
    space = scene.x.start_space(creator, title="Marked", ticketed=True)
    await scene.until(lambda: book_club.spaces.messages)
    unused = await consent(scene, book_club.admin, book_club, creator)
    await link(scene, book_club.member, book_club, creator)
    await ask(book_club.member, book_club.general, "space-buyers", space=space.id)
    await ask(book_club.member, book_club.general, "space", space=space.id)
    scene.x.fault("space", Fault.html(503))
    await ask(book_club.admin, book_club.general, "space", space=space.id)
    scene.x.fault("buyers", Fault.unauthorized(times=1))
    await ask(book_club.member, book_club.general, "space-buyers", space=space.id)
    await ask(book_club.member, book_club.general, "x-unlink")
    space.end()
    await scene.until(lambda: "Listen" not in str(book_club.spaces.messages[0].buttons))
    assert await bot.stop() == 0

    given_out = [exchange for exchange in scene.x.requests if exchange.endpoint == "user_token"]
    secrets = {
        scene.x.bearer_token,
        scene.discord.token,
        settings["SPACEBOT_X_CLIENT_SECRET"],
        settings["SPACEBOT_ENCRYPTION_KEY"],
        *re.findall(r"(?:state|code)=([^&]+)", unused),
        *(token for exchange in given_out for token in tokens_in(exchange.response_body)),
        *(token for exchange in given_out for token in tokens_in(exchange.request_body.replace(b"=", b'":"'))),
        # An interaction's token lets whoever has it answer in the bot's name for fifteen minutes.
        *(
            match[1]
            for each in scene.discord.requests
            if (match := re.search(r"/(?:webhooks|interactions)/\d+/([^/]+)", each.path))
        ),
    }
    assert len(secrets) > 12
    log = "\n".join(bot.log)
    assert "DEBUG" in log
    assert not [secret for secret in secrets if secret in log]


def tokens_in(body: bytes) -> list[str]:
    """The tokens that stand in a body."""
    return re.findall(r'"(?:access_token|refresh_token)"\s*:\s*"([^"&]+)', body.decode())
