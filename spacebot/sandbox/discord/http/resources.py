"""The bot's account, guilds, channels and private channels over HTTP; nothing is shown that the bot may not see."""

from collections.abc import Callable

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.forms.form import Form, Problems
from spacebot.sandbox.discord.gateway import Gateway
from spacebot.sandbox.discord.http.routes import Answer, Call, Route
from spacebot.sandbox.discord.model.channels import KINDS, LocalChannel
from spacebot.sandbox.discord.model.guilds import LocalGuild
from spacebot.sandbox.discord.model.state import World
from spacebot.sandbox.discord.permissions import ALL, Permission
from spacebot.sandbox.discord.refusals import Refusal, Unavailable


def bot_permissions(channel: LocalChannel) -> Permission:
    """What the bot may do in a channel; everything in a private one."""
    if channel.guild is None:
        return ALL
    return channel.guild.bot_permissions_in(channel)


def reach(world: World, call: Call) -> LocalChannel:
    """The channel of the path: 10003 where it is gone, 50001 where the bot may not see it."""
    channel = world.channels.get(call.id("channel_id"))
    if channel is None:
        raise Refusal(10003)
    if channel.guild is not None and channel.guild.unavailable:
        raise Unavailable
    if not bot_permissions(channel) & Permission.VIEW_CHANNEL:
        raise Refusal(50001)
    return channel


def guild_of(world: World, call: Call) -> LocalGuild:
    """The guild of the path: 10004 where it is gone or the bot is not in it."""
    guild = world.guilds.get(call.id("guild_id"))
    if guild is None or not guild.has_bot:
        raise Refusal(10004)
    if guild.unavailable:
        raise Unavailable
    return guild


class General:
    """Everything but messages, commands and interactions."""

    def __init__(self, world: World, gateway: Gateway, gateway_url: Callable[[], str]) -> None:
        self._world = world
        self._gateway = gateway
        self._gateway_url = gateway_url

    def routes(self) -> list[Route]:
        return [
            Route(method="GET", template="/users/@me", handler=self._me),
            Route(method="POST", template="/users/@me/channels", handler=self._open_dm),
            Route(method="GET", template="/applications/@me", handler=self._application),
            Route(method="GET", template="/oauth2/applications/@me", handler=self._application),
            Route(method="GET", template="/gateway", handler=self._url, needs_token=False),
            Route(method="GET", template="/gateway/bot", handler=self._url_for_bots),
            Route(method="GET", template="/guilds/{guild_id}", handler=self._guild),
            Route(method="GET", template="/guilds/{guild_id}/channels", handler=self._channels),
            Route(method="GET", template="/guilds/{guild_id}/roles", handler=self._roles),
            Route(method="GET", template="/guilds/{guild_id}/members/{user_id}", handler=self._member),
            Route(method="GET", template="/guilds/{guild_id}/threads/active", handler=self._threads),
            Route(method="GET", template="/channels/{channel_id}", handler=self._channel),
        ]

    def _me(self, _: Call) -> Answer:
        return Answer(body=payloads.me(self._world.bot))

    def _application(self, _: Call) -> Answer:
        return Answer(body=payloads.application(self._world))

    def _url(self, _: Call) -> Answer:
        return Answer(body={"url": self._gateway_url()})

    def _url_for_bots(self, _: Call) -> Answer:
        body = {
            "url": self._gateway_url(),
            "shards": self._gateway.recommended_shards(),
            "session_start_limit": self._gateway.start_limit(),
        }
        return Answer(body=body)

    def _guild(self, call: Call) -> Answer:
        guild = guild_of(self._world, call)
        shown = payloads.guild(guild)
        if call.flag("with_counts"):
            shown |= {"approximate_member_count": len(guild.members), "approximate_presence_count": 1}
        return Answer(body=shown)

    def _channels(self, call: Call) -> Answer:
        guild = guild_of(self._world, call)
        return Answer(body=[channel.shown() for channel in guild.channels.values()])

    def _roles(self, call: Call) -> Answer:
        guild = guild_of(self._world, call)
        return Answer(body=[payloads.role(role) for role in guild.roles.values()])

    def _member(self, call: Call) -> Answer:
        member = guild_of(self._world, call).members.get(call.id("user_id"))
        if member is None:
            raise Refusal(10007)
        return Answer(body=payloads.member(member))

    def _threads(self, call: Call) -> Answer:
        threads = guild_of(self._world, call).threads_in_sight()
        return Answer(body={"threads": [thread.shown() for thread in threads], "members": [], "has_more": False})

    def _channel(self, call: Call) -> Answer:
        return Answer(body=reach(self._world, call).shown())

    def _open_dm(self, call: Call) -> Answer:
        problems = Problems()
        form = Form(call.body, problems)
        form.require("recipient_id")
        recipient_id = form.snowflake("recipient_id")
        problems.refuse()
        user = self._world.users.get(recipient_id or 0)
        if user is None or user.is_bot:
            raise Refusal(10013 if user is None else 50007)
        if user.dm is None:
            user.dm = LocalChannel(
                world=self._world,
                id=self._world.snowflakes.next(),
                name="",
                type=KINDS["dm"],
                recipient=user,
            )
            self._world.channels[user.dm.id] = user.dm
        return Answer(body=user.dm.shown())
