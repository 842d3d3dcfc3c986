"""Application commands over HTTP; what a person is offered is exactly what the bot registered last.

Source: Discord's documentation, 'Application Commands'.
"""

from typing import Any

from spacebot.sandbox.discord.forms.commands import CHAT_INPUT, COMMANDS, read_command, read_commands
from spacebot.sandbox.discord.http.limits import Window
from spacebot.sandbox.discord.http.resources import guild_of
from spacebot.sandbox.discord.http.routes import Answer, Call, Route
from spacebot.sandbox.discord.model.state import World
from spacebot.sandbox.discord.payloads import Json
from spacebot.sandbox.discord.refusals import Limited, Refusal

CREATES_A_DAY = 200
_DAY = 86_400.0
_TOO_MANY_CREATES = 30034
_KEPT = frozenset({"id", "application_id", "version", "guild_id"})  # what Discord adds to a command


class Registry:
    """The commands of the application, global and per guild."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._created: dict[str, Window] = {}

    def routes(self) -> list[Route]:
        routes = []
        for place in ("/applications/{application_id}", "/applications/{application_id}/guilds/{guild_id}"):
            many, one = f"{place}/commands", f"{place}/commands/{{command_id}}"
            routes += [
                Route(method="GET", template=many, handler=self._list),
                Route(method="PUT", template=many, handler=self._replace),
                Route(method="POST", template=many, handler=self._create),
                Route(method="GET", template=one, handler=self._get),
                Route(method="PATCH", template=one, handler=self._edit),
                Route(method="DELETE", template=one, handler=self._delete),
            ]
        return routes

    def _commands(self, call: Call) -> dict[int, Json]:
        if call.id("application_id") != self._world.application_id:
            raise Refusal(20012)
        return guild_of(self._world, call).commands if "guild_id" in call.params else self._world.commands

    def _command(self, call: Call) -> Json:
        command = self._commands(call).get(call.id("command_id"))
        if command is None:
            raise Refusal(10063)
        return command

    def _list(self, call: Call) -> Answer:
        commands = self._commands(call).values()
        if call.flag("with_localizations"):
            return Answer(body=list(commands))
        hidden = {"name_localizations", "description_localizations"}
        return Answer(body=[{key: command[key] for key in command.keys() - hidden} for command in commands])

    def _get(self, call: Call) -> Answer:
        return Answer(body=self._command(call))

    def _replace(self, call: Call) -> Answer:
        registered = self._commands(call)
        wanted = read_commands(call.body)
        for kind in {command["type"] for command in wanted}:
            _require_room([command for command in wanted if command["type"] == kind])
        new = sum(self._named(registered, command) is None for command in wanted)
        self._count_creates(call, new)
        complete = [self._complete(call, command, self._named(registered, command)) for command in wanted]
        registered.clear()
        registered.update({int(command["id"]): command for command in complete})
        return self._changed(complete)

    def _create(self, call: Call) -> Answer:
        registered = self._commands(call)
        command = read_command(call.body)
        known = self._named(registered, command)
        if known is None:
            _require_room([each for each in (*registered.values(), command) if each["type"] == command["type"]])
            self._count_creates(call, 1)
        complete = self._complete(call, command, known)
        registered[int(complete["id"])] = complete
        return self._changed(complete, status=201 if known is None else 200)

    def _edit(self, call: Call) -> Answer:
        registered = self._commands(call)
        known = self._command(call)
        complete = self._complete(call, read_command(call.body, known=known), known)
        same_name = self._named(registered, complete)
        if same_name is not None and same_name is not known:
            error = {
                "code": "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "message": "Application command names must be unique",
            }
            raise Refusal(50035, errors={"name": {"_errors": [error]}})
        registered[int(complete["id"])] = complete
        return self._changed(complete)

    def _delete(self, call: Call) -> Answer:
        del self._commands(call)[int(self._command(call)["id"])]
        self._world.changes.happened()
        return Answer(status=204)

    def _changed(self, body: Any, *, status: int = 200) -> Answer:
        self._world.changes.happened()
        return Answer(body=body, status=status)

    def _named(self, registered: dict[int, Json], command: Json) -> Json | None:
        identity = (command["type"], command["name"])
        return next((each for each in registered.values() if (each["type"], each["name"]) == identity), None)

    def _complete(self, call: Call, command: Json, known: Json | None) -> Json:
        """The command as Discord keeps it: its id stays, its version changes when anything of it does."""
        if known is not None and command == {key: known[key] for key in known.keys() - _KEPT}:
            return known
        complete = {
            "id": known["id"] if known else str(self._world.snowflakes.next()),
            "application_id": str(self._world.application_id),
            "version": str(self._world.snowflakes.next()),
            **command,
        }
        if "guild_id" in call.params:
            complete["guild_id"] = call.params["guild_id"]
        return complete

    def _count_creates(self, call: Call, new: int) -> None:
        created = self._created.setdefault(call.params.get("guild_id", ""), Window(_DAY))
        now = self._world.clock.monotonic()
        if created.count(now) + new > CREATES_A_DAY:
            raise Limited(created.free_in(now), code=_TOO_MANY_CREATES)
        for _ in range(new):
            created.add(now)


def _require_room(commands: list[Json]) -> None:
    """At most 100 slash commands, and 15 of each context menu."""
    if commands and len(commands) > (COMMANDS if commands[0]["type"] == CHAT_INPUT else 15):
        raise Refusal(30032)
