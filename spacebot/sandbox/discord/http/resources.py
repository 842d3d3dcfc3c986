"""Reading the bot's account, guilds, channels and members over HTTP; nothing is shown that the bot may not see."""

from collections.abc import Callable

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.forms.form import Form, Problems
from spacebot.sandbox.discord.gateway import Gateway
from spacebot.sandbox.discord.http.access import channel_of, guild_of
from spacebot.sandbox.discord.http.routes import Request, Response, Route
from spacebot.sandbox.discord.model.guilds import State
from spacebot.sandbox.discord.refusals import Refusal


class ResourceRoutes:
    """Everything but messages, commands and interactions."""

    def __init__(self, state: State, gateway: Gateway, gateway_url: Callable[[], str]) -> None:
        self._state = state
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

    def _me(self, _: Request) -> Response:
        return Response(body=payloads.me(self._state.bot))

    def _application(self, _: Request) -> Response:
        return Response(body=payloads.application(self._state))

    def _url(self, _: Request) -> Response:
        return Response(body={"url": self._gateway_url()})

    def _url_for_bots(self, _: Request) -> Response:
        body = {
            "url": self._gateway_url(),
            "shards": self._gateway.recommended_shards(),
            "session_start_limit": self._gateway.start_limit(),
        }
        return Response(body=body)

    def _guild(self, request: Request) -> Response:
        guild = guild_of(self._state, request)
        shown = payloads.guild(guild)
        if request.flag("with_counts"):
            shown |= {"approximate_member_count": len(guild.members), "approximate_presence_count": 1}
        return Response(body=shown)

    def _channels(self, request: Request) -> Response:
        guild = guild_of(self._state, request)
        return Response(body=[payloads.channel(channel) for channel in guild.channels.values()])

    def _roles(self, request: Request) -> Response:
        guild = guild_of(self._state, request)
        return Response(body=[payloads.role(role) for role in guild.roles.values()])

    def _member(self, request: Request) -> Response:
        member = guild_of(self._state, request).members.get(request.id("user_id"))
        if member is None:
            raise Refusal(10007)
        return Response(body=payloads.member(member))

    def _threads(self, request: Request) -> Response:
        threads = guild_of(self._state, request).threads_in_sight()
        return Response(
            body={"threads": [payloads.channel(thread) for thread in threads], "members": [], "has_more": False}
        )

    def _channel(self, request: Request) -> Response:
        return Response(body=payloads.channel(channel_of(self._state, request)))

    def _open_dm(self, request: Request) -> Response:
        problems = Problems()
        form = Form(request.body, problems)
        form.require("recipient_id")
        recipient_id = form.snowflake("recipient_id")
        problems.refuse()
        user = self._state.users.get(recipient_id or 0)
        if user is None or user.is_bot:
            raise Refusal(10013 if user is None else 50007)
        return Response(body=payloads.channel(self._state.dm_of(user)))
