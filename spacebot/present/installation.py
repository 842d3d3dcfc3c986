"""What `spacebot check` says: what the Discord application lacks, what X's plan allows, how to invite and to start the bot.

It is in English, as the command line and the log are.
"""

from collections.abc import Mapping, Sequence

import discord

NEEDED_SCOPES = ("bot", "applications.commands")

RENAMED = {"read_messages": "view_channel"}
"""Permissions that discord.py calls otherwise than Discord's pages do."""

LIMITS = {
    "creators": "hosts asked about",
    "spaces": "Spaces looked up",
    "search": "searches",
    "users": "accounts looked up",
}
"""What each endpoint of X that the bot asks by itself is for."""


def application_lacks(
    app: discord.AppInfo, needed: discord.Permissions, *, privacy_url: str | None, terms_url: str | None
) -> list[str]:
    """What the application lacks for people to find, trust and invite it: a line each, which says what to do.

    Args:
        app: As Discord describes it.
        needed: What the bot needs in a server.
        privacy_url: Where the operator's privacy policy is, where a setting says it.
        terms_url: Where their terms of service are.
    """
    lines = []
    if app.bot_require_code_grant:
        lines.append("the invite link does not work: switch off Requires OAuth2 Code Grant on the Bot page")
    if not app.bot_public:
        lines.append("only its owner can invite the bot: if others should, switch on Public Bot on the Bot page")
    else:
        lines += _install_lacks(app, needed)
    if app.user_integration_config is None:
        lines.append("people cannot install it for themselves: if they should, tick User Install on Installation")
    if not app.description.strip():
        lines.append("no description, which people read in its profile: write one on General Information")
    if not app.tags:
        lines.append("no tags, by which people find it: choose up to five on General Information")
    for what, there, ours, template in (
        ("privacy policy", app.privacy_policy_url, privacy_url, "privacy"),
        ("terms of service", app.terms_of_service_url, terms_url, "terms"),
    ):
        if not there:
            how = ours or f"docs/{template}.md is a template for one"
            lines.append(f"no address of its {what}: enter it on General Information ({how})")
    return lines


def _install_lacks(app: discord.AppInfo, needed: discord.Permissions) -> list[str]:
    """What is wrong with the button by which people add the app from its profile."""
    in_guilds = app.guild_integration_config
    params = (in_guilds and in_guilds.oauth2_install_params) or app.install_params
    if params is None:
        if app.custom_install_url:
            return []
        return [
            (
                f"its profile has no Add App button: on Installation choose Discord Provided Link, with the scopes"
                f" {' and '.join(NEEDED_SCOPES)} and the permissions {_names(needed)}"
            )
        ]
    scopes = [scope for scope in NEEDED_SCOPES if scope not in params.scopes]
    missing = discord.Permissions(needed.value & ~params.permissions.value)
    lines = []
    if scopes:
        lines.append(f"its Add App button lacks the scope {' and '.join(scopes)}: add it on Installation")
    if missing.value and not params.permissions.administrator:
        lines.append(f"its Add App button does not ask for {_names(missing)}: add that on Installation")
    return lines


def _names(permissions: discord.Permissions) -> str:
    named = (RENAMED.get(name, name) for name, is_set in permissions if is_set)
    return ", ".join(name.replace("_", " ").title() for name in named)


def application_page(app: discord.AppInfo) -> str:
    """Where its owner changes what is said of the application."""
    return f"https://discord.com/developers/applications/{app.id}"


def plan_limits(limits: Mapping[str, int]) -> str:
    """What X's answers said of the plan, by the name of the endpoint."""
    known = [f"{what} {limits[name]:,}" for name, what in LIMITS.items() if name in limits]
    if not known:
        return "X's answers say nothing of the plan's limits"
    return f"the plan's requests in 15 minutes: {', '.join(known)}"


def docker_run(options: Sequence[str] = ()) -> str:
    """The command that starts the bot in a container; `options` go to Docker."""
    words = ("docker run -d --name spacebot --restart unless-stopped --env-file .env -v spacebot:/data", *options)
    return " ".join([*words, "spacebot"])
