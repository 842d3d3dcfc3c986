"""Roles and scheduled events over HTTP; the bot changes only what its permissions and the order of roles let it.

Source: Discord's documentation, 'Add Guild Member Role', 'Create Guild Role', 'Get Guild Role Member Counts', 'Guild
Scheduled Event' and 'Permission Hierarchy'. How many events a guild has is counted without those that are over; these
are still known, and cannot be changed (180000). The limits
of roles are not published: 10 in 10 seconds that are given or taken, and 250 in two days that are made, were observed.
"""

from spacebot.sandbox.discord import payloads
from spacebot.sandbox.discord.forms.guilds import read_event, read_role
from spacebot.sandbox.discord.http.access import guild_of
from spacebot.sandbox.discord.http.limits import Bucket
from spacebot.sandbox.discord.http.routes import Request, Response, Route
from spacebot.sandbox.discord.model.guilds import LocalGuild, State
from spacebot.sandbox.discord.model.members import LocalMember
from spacebot.sandbox.discord.model.roles import LocalRole
from spacebot.sandbox.discord.model.schedule import FOLLOWING, LocalEvent
from spacebot.sandbox.discord.permissions import Permission
from spacebot.sandbox.discord.refusals import Refusal

ROLES = 250
EVENTS = 100

HELD = Bucket(name="member roles", limit=10, seconds=10.0)
MADE = Bucket(name="new roles", limit=250, seconds=172_800.0)


class GuildRoutes:
    """What the bot changes in a guild beside messages and threads."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        held = "/guilds/{guild_id}/members/{user_id}/roles/{role_id}"
        roles = "/guilds/{guild_id}/roles"
        events = "/guilds/{guild_id}/scheduled-events"
        one = f"{events}/{{event_id}}"
        return [
            Route(method="PUT", template=held, handler=self._add_role, bucket=HELD),
            Route(method="DELETE", template=held, handler=self._remove_role, bucket=HELD),
            Route(method="GET", template=roles, handler=self._list_roles),
            Route(method="POST", template=roles, handler=self._create_role, bucket=MADE),
            Route(method="GET", template=f"{roles}/member-counts", handler=self._count_roles),
            Route(method="GET", template=events, handler=self._list_events),
            Route(method="POST", template=events, handler=self._create_event),
            Route(method="GET", template=one, handler=self._get_event),
            Route(method="PATCH", template=one, handler=self._edit_event),
            Route(method="DELETE", template=one, handler=self._delete_event),
        ]

    def _add_role(self, request: Request) -> Response:
        member, role = self._grant(request)
        member.add_role(role)
        return Response(status=204)

    def _remove_role(self, request: Request) -> Response:
        member, role = self._grant(request)
        member.remove_role(role)
        return Response(status=204)

    def _grant(self, request: Request) -> tuple[LocalMember, LocalRole]:
        """The member and the role of the path: 50013 unless the role is below the bot's own."""
        guild = guild_of(self._state, request)
        member, role = guild.members.get(request.id("user_id")), guild.roles.get(request.id("role_id"))
        if member is None:
            raise Refusal(10007)
        if role is None:
            raise Refusal(10011)
        if role is guild.everyone or role.managed:
            raise Refusal(50028)
        if not guild.bot_permissions & Permission.MANAGE_ROLES or not guild.bot_member.outranks(role):
            raise Refusal(50013)
        return member, role

    def _list_roles(self, request: Request) -> Response:
        return Response(body=[payloads.role(role) for role in guild_of(self._state, request).roles.values()])

    def _count_roles(self, request: Request) -> Response:
        """How many members have each role but @everyone."""
        guild = guild_of(self._state, request)
        if not guild.bot_permissions & Permission.MANAGE_ROLES:
            raise Refusal(50013)
        counts = {role.id: 0 for role in guild.roles.values() if role is not guild.everyone}
        for member in guild.members.values():
            for role in member.roles:
                counts[role.id] += 1
        return Response(body={str(role_id): count for role_id, count in counts.items()})

    def _create_role(self, request: Request) -> Response:
        guild = guild_of(self._state, request)
        if not guild.bot_permissions & Permission.MANAGE_ROLES:
            raise Refusal(50013)
        draft = read_role(request.body)
        permissions = guild.everyone.permissions if draft.permissions is None else draft.permissions
        if permissions & ~guild.bot_permissions:
            raise Refusal(50013)
        if len(guild.roles) >= ROLES:
            raise Refusal(30005)
        role = guild.add_role(draft.name, permissions=permissions, mentionable=draft.mentionable)
        return Response(body=payloads.role(role))

    def _list_events(self, request: Request) -> Response:
        return Response(body=[payloads.event(event) for event in self._guild(request).events.values()])

    def _create_event(self, request: Request) -> Response:
        guild = self._guild(request)
        if not guild.bot_permissions & Permission.CREATE_EVENTS:
            raise Refusal(50013)
        draft = read_event(request.body, now=self._state.clock.now())
        if len(guild.events) >= EVENTS:
            raise Refusal(30038)
        event = guild.add_event(
            draft.name,
            location=draft.location,
            start=draft.start,
            end=draft.end,
            description=draft.description,
            cover=draft.cover,
            by=self._state.bot,
        )
        return Response(body=payloads.event(event))

    def _get_event(self, request: Request) -> Response:
        return Response(body=payloads.event(self._event(self._guild(request), request)))

    def _edit_event(self, request: Request) -> Response:
        event = self._own_event(request)
        if event.status not in FOLLOWING:
            raise Refusal(180000)
        draft = read_event(request.body, now=self._state.clock.now(), known=event)
        event.name, event.description, event.location = draft.name, draft.description, draft.location
        event.start, event.end, event.cover = draft.start, draft.end, draft.cover
        event.turn(draft.status)
        return Response(body=payloads.event(event))

    def _delete_event(self, request: Request) -> Response:
        self._own_event(request).delete()
        return Response(status=204)

    def _guild(self, request: Request) -> LocalGuild:
        """The guild of the path, with its events as they are by now."""
        guild = guild_of(self._state, request)
        for event in list(guild.events.values()):
            event.catch_up(self._state.clock.now())
        return guild

    def _event(self, guild: LocalGuild, request: Request) -> LocalEvent:
        number = request.id("event_id")
        event = guild.events.get(number) or guild.past_events.get(number)
        if event is None:
            raise Refusal(10070)
        return event

    def _own_event(self, request: Request) -> LocalEvent:
        """An event that the bot may change: its own with Create Events, any with Manage Events."""
        guild = self._guild(request)
        event = self._event(guild, request)
        needed = Permission.MANAGE_EVENTS
        if event.creator is self._state.bot:
            needed |= Permission.CREATE_EVENTS
        if not guild.bot_permissions & needed:
            raise Refusal(50013)
        return event
