"""Application commands over HTTP; what a member is offered is exactly what the bot registered last.

Source: Discord's documentation, 'Application Commands'.
"""

from typing import Any

from spacebot.sandbox.discord.forms.commands import CHAT_INPUT, COMMANDS, read_command, read_commands
from spacebot.sandbox.discord.http.access import guild_of
from spacebot.sandbox.discord.http.routes import Request, Response, Route
from spacebot.sandbox.discord.model.guilds import State
from spacebot.sandbox.discord.payloads import Json
from spacebot.sandbox.discord.refusals import Limited, Refusal
from spacebot.sandbox.discord.window import Window

CREATES_A_DAY = 200
_DAY = 86_400.0
_TOO_MANY_CREATES = 30034
_LOCALIZED = frozenset({"name_localizations", "description_localizations"})
_KEPT = frozenset({"id", "application_id", "version", "guild_id"})  # what Discord adds to a command


class CommandRoutes:
    """The commands of the application, global and per guild."""

    def __init__(self, state: State) -> None:
        self._state = state
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

    def _commands(self, request: Request) -> dict[int, Json]:
        if request.id("application_id") != self._state.application_id:
            raise Refusal(20012)
        return guild_of(self._state, request).commands if "guild_id" in request.params else self._state.commands

    def _command(self, request: Request) -> Json:
        command = self._commands(request).get(request.id("command_id"))
        if command is None:
            raise Refusal(10063)
        return command

    def _list(self, request: Request) -> Response:
        commands = self._commands(request).values()
        if request.flag("with_localizations"):
            return Response(body=list(commands))
        return Response(body=[_in_one_language(command) for command in commands])

    def _get(self, request: Request) -> Response:
        return Response(body=self._command(request))

    def _replace(self, request: Request) -> Response:
        registered = self._commands(request)
        wanted = read_commands(request.body)
        for kind in {command["type"] for command in wanted}:
            _require_room([command for command in wanted if command["type"] == kind])
        new = sum(self._named(registered, command) is None for command in wanted)
        self._count_creates(request, new)
        complete = [self._complete(request, command, self._named(registered, command)) for command in wanted]
        registered.clear()
        registered.update({int(command["id"]): command for command in complete})
        return self._changed(complete)

    def _create(self, request: Request) -> Response:
        registered = self._commands(request)
        command = read_command(request.body)
        known = self._named(registered, command)
        if known is None:
            _require_room([each for each in (*registered.values(), command) if each["type"] == command["type"]])
            self._count_creates(request, 1)
        complete = self._complete(request, command, known)
        registered[int(complete["id"])] = complete
        return self._changed(complete, status=201 if known is None else 200)

    def _edit(self, request: Request) -> Response:
        registered = self._commands(request)
        known = self._command(request)
        complete = self._complete(request, read_command(request.body, known=known), known)
        same_name = self._named(registered, complete)
        if same_name is not None and same_name is not known:
            error = {
                "code": "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "message": "Application command names must be unique",
            }
            raise Refusal(50035, errors={"name": {"_errors": [error]}})
        registered[int(complete["id"])] = complete
        return self._changed(complete)

    def _delete(self, request: Request) -> Response:
        del self._commands(request)[int(self._command(request)["id"])]
        self._state.updates.happened()
        return Response(status=204)

    def _changed(self, body: Any, *, status: int = 200) -> Response:
        self._state.updates.happened()
        return Response(body=body, status=status)

    def _named(self, registered: dict[int, Json], command: Json) -> Json | None:
        identity = (command["type"], command["name"])
        return next((each for each in registered.values() if (each["type"], each["name"]) == identity), None)

    def _complete(self, request: Request, command: Json, known: Json | None) -> Json:
        """The command as Discord keeps it: its id stays, its version changes when anything of it does."""
        if known is not None and command == {key: known[key] for key in known.keys() - _KEPT}:
            return known
        complete = {
            "id": known["id"] if known else str(self._state.snowflakes.next()),
            "application_id": str(self._state.application_id),
            "version": str(self._state.snowflakes.next()),
            **command,
        }
        if "guild_id" in request.params:
            complete["guild_id"] = request.params["guild_id"]
        return complete

    def _count_creates(self, request: Request, new: int) -> None:
        created = self._created.setdefault(request.params.get("guild_id", ""), Window(_DAY))
        now = self._state.clock.monotonic()
        if created.count(now) + new > CREATES_A_DAY:
            raise Limited(created.free_in(now), code=_TOO_MANY_CREATES)
        for _ in range(new):
            created.add(now)


def _in_one_language(part: Json) -> Json:
    """A command, an option or a choice as it is listed unless its texts in all languages are asked for."""
    listed = {key: value for key, value in part.items() if key not in _LOCALIZED}
    for inner in ("options", "choices"):
        if inner in listed:
            listed[inner] = [_in_one_language(each) for each in listed[inner]]
    return listed


def _require_room(commands: list[Json]) -> None:
    """At most 100 slash commands, and 15 of each context menu."""
    if commands and len(commands) > (COMMANDS if commands[0]["type"] == CHAT_INPUT else 15):
        raise Refusal(30032)
