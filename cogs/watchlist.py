"""The hosts and keywords of a guild: `/watch add`, `remove`, `pause`, `resume`, `look`, `filter`, `list`, `/watch keyword …`."""

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from cogs import checks, everyone, here
from cogs.pages import reply_pages
from cogs.setup.looks import accent_choices
from cogs.watch_files import ImportForm, hand_out
from spacebot.bot.client import Spacebot
from spacebot.domain.guilds import Keyword
from spacebot.domain.ids import ChannelId
from spacebot.domain.mistakes import Mistake
from spacebot.errors import UserMistake
from spacebot.present import configuration, filters, looks, watchlists
from spacebot.present.language import N_, _
from spacebot.present.limits import CHOICE_LIMIT
from spacebot.present.text import plain
from spacebot.usecases import filters as typed_filters
from spacebot.usecases import looks as typed_looks
from spacebot.usecases.guilds import CHOICES
from spacebot.x import reference

Own = Literal["channel", "role", "both"]
"""What of a watch's own is to be the server's again."""


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Watchlist(commands.GroupCog, group_name="watch", group_description=N_("Whom this server follows on X")):
    """`/watch …`; Discord hides it from members who may not manage the server, and each command checks again."""

    def __init__(self, bot: Spacebot) -> None:
        self.guilds = bot.services.guilds

    @app_commands.command(
        description=N_("Follow a host: announce their Spaces; given again, it changes channel or role")
    )
    @app_commands.describe(
        host=N_("The host's @handle, profile link or numeric id, or a link to their Space"),
        channel=N_("Where to announce (else this server's channel)"),
        role=N_("Whom to ping (else this server's roles)"),
        also=N_("Also announce Spaces of others in which this host is seen as co-host or speaker"),
    )
    @app_commands.checks.has_permissions(manage_guild=True)
    async def add(
        self,
        interaction: discord.Interaction[Spacebot],
        host: str,
        channel: app_commands.Transform[checks.Room, checks.AnnounceOption] | None = None,
        role: discord.Role | None = None,
        also: Literal["cohost", "nothing"] | None = None,
    ) -> None:
        reference.host(host)  # a slip is answered at once
        await interaction.response.defer(ephemeral=True)
        guild = checks.guild_of(interaction)
        config = await self.guilds.config(checks.guild_id(interaction))
        if channel is None and config.channel_id is not None and guild.get_channel_or_thread(config.channel_id) is None:
            raise UserMistake(Mistake.GUILD_CHANNEL_GONE)
        postable = checks.chosen(interaction, channel, config.channel_id)
        role_id = checks.mentionable(interaction, role, postable) if role is not None else None
        asks = role is not None and role.is_default()
        watched = await self.guilds.watch(
            checks.guild_id(interaction),
            host,
            channel_id=postable if channel is not None else None,
            roles=() if asks or role_id is None else (role_id,),
            also_cohost=None if also is None else also == "cohost",
            by=interaction.user.id,
        )
        text = watchlists.watched_sentence(watched, checks.guild_id(interaction))
        if not asks:
            await _answer(interaction, text, watched.line.channel_id)
            return
        view = everyone.question(watched.line.watch.host.user_id)
        if watched.line.channel_id is not None:
            await interaction.edit_original_response(content=f"{text}\n{_(configuration.ASK_EVERYONE)}", view=view)
        else:  # two questions, of which each answer takes its own buttons away
            await _answer(interaction, text, None)
            await interaction.followup.send(_(configuration.ASK_EVERYONE), view=view, ephemeral=True)

    @app_commands.command(description=N_("Stop announcing this host's Spaces"))
    @app_commands.describe(host=N_("The host, from this server's list"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def remove(self, interaction: discord.Interaction[Spacebot], host: str) -> None:
        await interaction.response.defer(ephemeral=True)
        removed = await self.guilds.unwatch(checks.guild_id(interaction), host)
        await interaction.edit_original_response(content=watchlists.unwatched_sentence(removed))

    @app_commands.command(
        description=N_("Post nothing new of a host, or of all, until /watch resume; posts there are kept up to date")
    )
    @app_commands.describe(host=N_("The host, from this server's list; without one the whole server, as /config pause"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def pause(self, interaction: discord.Interaction[Spacebot], host: str | None = None) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        if host is None:
            await self.guilds.hold(guild_id)
            text = configuration.hold_sentence(on_hold=True)
        else:
            text = watchlists.held_sentence(await self.guilds.hold_watch(guild_id, host), on_hold=True)
        await interaction.edit_original_response(content=text)

    @app_commands.command(description=N_("Announce a host's Spaces, or all, again after /watch pause"))
    @app_commands.describe(host=N_("The host, from this server's list; without one the whole server, as /config pause"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def resume(self, interaction: discord.Interaction[Spacebot], host: str | None = None) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        if host is None:
            await self.guilds.go_on(guild_id)
            held = [line.watch.host for line in await self.guilds.watchlist(guild_id) if line.watch.on_hold]
            text = configuration.resumed_sentence(held)
        else:
            text = watchlists.held_sentence(await self.guilds.resume_watch(guild_id, host), on_hold=False)
        await interaction.edit_original_response(content=text)

    @app_commands.command(description=N_("The text and colour of posts about this host; alone, says what they are"))
    @app_commands.describe(
        host=N_("The host, from this server's list"),
        text=N_("One line; {host}, {handle}, {title}, {url}, {started}, {listeners} and {role} are filled in"),
        accent=N_("The card's colour: a name, six digits such as #1D9BF0, or usual"),
        reset=N_("Take this server's text and colour for what you leave out"),
    )
    @app_commands.checks.has_permissions(manage_guild=True)
    async def look(
        self,
        interaction: discord.Interaction[Spacebot],
        host: str,
        text: str | None = None,
        accent: str | None = None,
        reset: bool = False,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        now = typed_looks.changed(await self.guilds.watch_look(guild_id, host), text, accent, is_reset=reset)
        followed = await self.guilds.set_watch_look(guild_id, host, now)
        await interaction.edit_original_response(content=looks.look_sentence(now, followed))

    @app_commands.command(
        name="filter", description=N_("Which Spaces of this host are posted; alone, says what is filtered")
    )
    @app_commands.describe(
        host=N_("The host, from this server's list"),
        want=N_("Words or phrases, with commas between them: the title must have one of them"),
        shun=N_("Words or phrases, with commas between them: the title must have none of them"),
        language=N_("Only Spaces in this language, by its code: en, es, pt …"),
        tickets=N_("Only Spaces that need a ticket, or that need none"),
        reset=N_("Filter nothing by what you leave out"),
    )
    @app_commands.checks.has_permissions(manage_guild=True)
    async def filter_host(  # noqa: PLR0917 - Discord's options come by name
        self,
        interaction: discord.Interaction[Spacebot],
        host: str,
        want: str | None = None,
        shun: str | None = None,
        language: str | None = None,
        tickets: Literal["needed", "none"] | None = None,
        reset: bool = False,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        now = typed_filters.changed(
            await self.guilds.watch_filter(guild_id, host),
            want=want,
            shun=shun,
            language=language,
            ticketed=None if tickets is None else tickets == "needed",
            is_reset=reset,
        )
        followed = await self.guilds.set_watch_filter(guild_id, host, now)
        await interaction.edit_original_response(content=filters.filters_sentence(followed, now))

    @look.autocomplete("accent")
    async def accents(self, interaction: discord.Interaction[Spacebot], typed: str) -> list[app_commands.Choice[str]]:
        return accent_choices(typed)

    @remove.autocomplete("host")
    @pause.autocomplete("host")
    @resume.autocomplete("host")
    @look.autocomplete("host")
    @filter_host.autocomplete("host")
    async def followed(self, interaction: discord.Interaction[Spacebot], typed: str) -> list[app_commands.Choice[str]]:
        if not interaction.permissions.manage_guild:
            return []
        hosts = await self.guilds.complete(checks.guild_id(interaction), typed)
        return [
            app_commands.Choice(name=watchlists.host_choice(host, CHOICE_LIMIT), value=host.user_id) for host in hosts
        ]

    @app_commands.command(description=N_("Let a host use this server's channel or roles again instead of its own"))
    @app_commands.describe(
        host=N_("The host, from this server's list"), what=N_("What to take from this server's settings")
    )
    @app_commands.autocomplete(host=followed)
    @app_commands.checks.has_permissions(manage_guild=True)
    async def reset(self, interaction: discord.Interaction[Spacebot], host: str, what: Own) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        watched = await self.guilds.reset_watch(guild_id, host, channel=what != "role", role=what != "channel")
        await _answer(interaction, watchlists.reset_sentence(watched, guild_id), watched.line.channel_id)

    @app_commands.command(
        name="list", description=N_("Whom this server follows, where it hears of them, and who is live")
    )
    @app_commands.checks.has_permissions(manage_guild=True)
    async def show(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        set_up = await self.guilds.set_up(checks.guild_id(interaction))
        found = await checks.in_the_way(interaction.client, checks.guild_of(interaction), set_up)
        await reply_pages(interaction, watchlists.watch_pages(set_up, found, checks.guild_id(interaction)))

    @app_commands.command(description=N_("This server's hosts and keywords with all their options, as a CSV file"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def export(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        await hand_out(interaction)

    @app_commands.command(name="import", description=N_("Follow the hosts and watch for the keywords of a CSV file"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def take(self, interaction: discord.Interaction[Spacebot]) -> None:
        await ImportForm().show(interaction)

    keyword = app_commands.Group(name="keyword", description=N_("Words in the titles of Spaces"))

    @keyword.command(name="add", description=N_("Announce live Spaces whose title has these words, whoever hosts them"))
    @app_commands.describe(
        words=N_("The words, as they stand in a title"),
        channel=N_("Where to announce (else this server's channel)"),
        role=N_("Whom to ping (else this server's roles)"),
        language=N_("Only Spaces in this language, by its code: en, es, pt …"),
        listeners=N_("Only Spaces with at least so many listeners"),
        tickets=N_("Only Spaces that need a ticket, or that need none"),
    )
    @app_commands.checks.has_permissions(manage_guild=True)
    async def add_keyword(  # noqa: PLR0917 - Discord's options come by name
        self,
        interaction: discord.Interaction[Spacebot],
        words: str,
        channel: app_commands.Transform[checks.Room, checks.AnnounceOption] | None = None,
        role: discord.Role | None = None,
        language: str | None = None,
        listeners: app_commands.Range[int, 1, 1_000_000] | None = None,
        tickets: Literal["needed", "none"] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        config = await self.guilds.config(guild_id)
        postable = checks.chosen(interaction, channel, config.channel_id)
        if role is not None and role.is_default():
            raise UserMistake(Mistake.EVERYONE_FOR_KEYWORD)
        watched = await self.guilds.watch_keyword(
            Keyword(
                guild_id=guild_id,
                text=words,
                lang=language,
                least=listeners,
                ticketed=None if tickets is None else tickets == "needed",
                channel_id=postable if channel is not None else None,
                roles=(checks.mentionable(interaction, role, postable),) if role is not None else (),
            ),
            by=interaction.user.id,
        )
        await _answer(interaction, watchlists.keyword_sentence(watched, guild_id), watched.line.channel_id)

    @keyword.command(name="remove", description=N_("Stop announcing Spaces with these words"))
    @app_commands.describe(words=N_("The words, from this server's list"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def remove_keyword(self, interaction: discord.Interaction[Spacebot], words: str) -> None:
        await interaction.response.defer(ephemeral=True)
        removed = await self.guilds.unwatch_keyword(checks.guild_id(interaction), words)
        await interaction.edit_original_response(content=watchlists.unwatched_keyword_sentence(removed))

    @remove_keyword.autocomplete("words")
    async def watched_for(
        self, interaction: discord.Interaction[Spacebot], typed: str
    ) -> list[app_commands.Choice[str]]:
        if not interaction.permissions.manage_guild:
            return []
        keywords = await self.guilds.keywords(checks.guild_id(interaction))
        texts = [keyword.text for keyword in keywords if typed.strip().casefold() in keyword.text]
        return [app_commands.Choice(name=plain(text, CHOICE_LIMIT), value=text) for text in texts[:CHOICES]]

    @keyword.command(name="reset", description=N_("Let a keyword use this server's channel or roles again"))
    @app_commands.describe(
        words=N_("The words, from this server's list"), what=N_("What to take from this server's settings")
    )
    @app_commands.autocomplete(words=watched_for)
    @app_commands.checks.has_permissions(manage_guild=True)
    async def reset_keyword(self, interaction: discord.Interaction[Spacebot], words: str, what: Own) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        watched = await self.guilds.reset_keyword(guild_id, words, channel=what != "role", role=what != "channel")
        await _answer(interaction, watchlists.keyword_reset_sentence(watched, guild_id), watched.line.channel_id)

    @keyword.command(name="list", description=N_("The words that this server watches for"))
    @app_commands.checks.has_permissions(manage_guild=True)
    async def show_keywords(self, interaction: discord.Interaction[Spacebot]) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id = checks.guild_id(interaction)
        set_up = await self.guilds.set_up(guild_id)
        found = await checks.in_the_way(interaction.client, checks.guild_of(interaction), set_up)
        await reply_pages(interaction, watchlists.keyword_pages(set_up, found, guild_id))


async def _answer(interaction: discord.Interaction[Spacebot], text: str, channel_id: ChannelId | None) -> None:
    """Say what was done; where the server has no channel yet, ask whether it is to be this one."""
    if channel_id is not None:
        await interaction.edit_original_response(content=text)
        return
    asked = f"{text}\n{_(watchlists.ASK_CHANNEL)}"
    await interaction.edit_original_response(content=asked, view=here.question(interaction))


async def setup(bot: Spacebot) -> None:
    """Add the commands."""
    bot.forms.add(ImportForm)
    await bot.add_cog(Watchlist(bot))
