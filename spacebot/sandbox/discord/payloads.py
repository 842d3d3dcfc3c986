"""How Discord shows things as JSON; every payload here is complete by Discord's OpenAPI document."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from spacebot.sandbox.discord.model.channels import LocalChannel, LocalMessage, LocalUser
from spacebot.sandbox.discord.model.files import LocalFile
from spacebot.sandbox.discord.model.forums import REQUIRE_TAG, LocalForum, LocalTag
from spacebot.sandbox.discord.model.guilds import LocalGuild, State
from spacebot.sandbox.discord.model.members import LocalInteraction, LocalMember
from spacebot.sandbox.discord.model.roles import LocalRole
from spacebot.sandbox.discord.model.schedule import LocalEvent
from spacebot.sandbox.discord.model.snowflakes import time_of
from spacebot.sandbox.discord.model.threads import LocalThread
from spacebot.sandbox.discord.permissions import Permission, in_channel, in_guild

Json = dict[str, Any]

_VOICE = 2
_ZERO_KEY = "0" * 64
_ATTACHMENT_LIMIT = 10 * 1024 * 1024
_IN_PRIVATE = Permission.ATTACH_FILES | Permission.EMBED_LINKS | Permission.MENTION_EVERYONE
_WITH_THE_BOT = Permission.USE_EXTERNAL_EMOJIS


def moment(value: datetime) -> str:
    return value.isoformat()


def user(account: LocalUser) -> Json:
    return {
        "id": str(account.id),
        "username": account.name.lower().replace(" ", "."),
        "discriminator": "0",
        "global_name": None if account.is_bot else account.name,
        "avatar": None,
        "banner": None,
        "accent_color": None,
        "bot": account.is_bot,
        "system": False,
        "public_flags": 0,
        "flags": 0,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
    }


def me(account: LocalUser) -> Json:
    """The bot's own account, with what only it may see."""
    return {**user(account), "mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}


def application(state: State) -> Json:
    owner = {**user(state.bot), "bot": False}
    return {
        "id": str(state.application_id),
        "name": state.bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": user(state.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": _ZERO_KEY,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": owner,
        "approximate_guild_count": sum(guild.has_bot for guild in state.guilds.values()),
        "approximate_user_install_count": sum(each.has_app for each in state.users.values()),
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
        "integration_types_config": {"0": {}},
        **state.portal,
    }


def role(each: LocalRole) -> Json:
    shown: Json = {
        "id": str(each.id),
        "name": each.name,
        "permissions": str(int(each.permissions)),
        "position": each.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": each.managed,
        "mentionable": each.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    if each.managed:
        shown["tags"] = {"bot_id": str(each.guild.state.bot_id)}
    return shown


def member(each: LocalMember) -> Json:
    return {**partial_member(each), "user": user(each.user), "mute": False, "deaf": False}


def partial_member(each: LocalMember) -> Json:
    """A member without its account, as in an interaction's `resolved`."""
    return {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": moment(each.joined_at),
        "nick": None,
        "pending": False,
        "premium_since": None,
        "roles": [str(held.id) for held in each.roles],
    }


def channel(each: LocalChannel) -> Json:
    """A channel of any kind, threads included."""
    if isinstance(each, LocalThread):
        return thread(each)
    last = str(each.messages[-1].id) if each.messages else None
    if each.guild is None:
        recipients = [user(one) for one in ((each.recipient,) if each.recipient else each.people)]
        private: Json = {"id": str(each.id), "type": each.type, "flags": 0, "last_message_id": last}
        group = {"name": None, "icon": None, "owner_id": str(each.people[0].id)} if each.people else {}
        return {**private, "recipients": recipients, **group}
    shown: Json = {
        "id": str(each.id),
        "type": each.type,
        "guild_id": str(each.guild.id),
        "name": each.name,
        "position": each.position,
        "parent_id": None,
        "flags": 0,
        "nsfw": False,
        "rate_limit_per_user": 0,
        "last_message_id": last,
        "permission_overwrites": [
            {"id": str(target), "type": int(over.is_member), "allow": str(int(over.allow)), "deny": str(int(over.deny))}
            for target, over in each.overwrites.items()
        ],
    }
    if each.type == _VOICE:
        shown |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    else:
        shown |= {"topic": None}
    if isinstance(each, LocalForum):
        shown |= {
            "flags": REQUIRE_TAG if each.requires_tag else 0,
            "available_tags": [forum_tag(tag) for tag in each.tags],
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
            "default_thread_rate_limit_per_user": 0,
        }
    return shown


def forum_tag(each: LocalTag) -> Json:
    return {"id": str(each.id), "name": each.name, "moderated": each.moderated, "emoji_id": None, "emoji_name": None}


def thread(each: LocalThread) -> Json:
    invitable = {} if each.insiders is None else {"invitable": True}
    tags = {"applied_tags": [str(tag) for tag in each.tags]} if isinstance(each.parent, LocalForum) else {}
    return {
        **tags,
        "id": str(each.id),
        "type": each.type,
        "guild_id": str(each.guild.id) if each.guild else None,
        "parent_id": str(each.parent.id),
        "owner_id": str(each.starter.id),
        "name": each.name,
        "flags": 0,
        "rate_limit_per_user": 0,
        "last_message_id": str(each.messages[-1].id) if each.messages else None,
        "message_count": each.later_messages,
        "total_message_sent": each.sent,
        "member_count": 1,
        "thread_metadata": {
            "archived": each.archived,
            "archive_timestamp": moment(each.turned_at),
            "auto_archive_duration": 4320,
            "locked": each.locked,
            **invitable,
            "create_timestamp": moment(time_of(each.id)),
        },
    }


def guild(each: LocalGuild) -> Json:
    return {
        "id": str(each.id),
        "name": each.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": ["COMMUNITY", "NEWS"],
        "banner": None,
        "owner_id": str(each.owner.id),
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": str(each.system_channel.id) if each.system_channel.id in each.channels else None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(held) for held in each.roles.values()],
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": each.locale,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_create(each: LocalGuild) -> Json:
    """A guild as the gateway sends it: of its members only the bot, as others take a privileged intent."""
    return {
        **guild(each),
        "joined_at": moment(each.bot_member.joined_at),
        "large": False,
        "member_count": len(each.members),
        "members": [member(each.bot_member)],
        "channels": [channel(place) for place in each.channels.values()],
        "threads": [thread(open_one) for open_one in each.threads_in_sight()],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [event(planned) for planned in each.events.values()],
        "soundboard_sounds": [],
    }


def attachment(file: LocalFile, files_url: str) -> Json:
    """An uploaded file; it can be fetched at its url."""
    url = f"{files_url}/{file.id}/{quote(file.name)}"
    shown: Json = {
        "id": str(file.id),
        "filename": file.name,
        "size": len(file.content),
        "url": url,
        "proxy_url": url,
        "content_type": file.content_type,
    }
    return shown if file.description is None else shown | {"description": file.description}


def event(each: LocalEvent) -> Json:
    """A scheduled event, which takes place elsewhere."""
    return {
        "id": str(each.id),
        "guild_id": str(each.guild.id),
        "channel_id": None,
        "creator_id": str(each.creator.id),
        "creator": user(each.creator),
        "name": each.name,
        "description": each.description,
        "image": each.image,
        "scheduled_start_time": moment(each.start),
        "scheduled_end_time": moment(each.end),
        "privacy_level": 2,
        "status": int(each.status),
        "entity_type": 3,
        "entity_id": None,
        "entity_metadata": {"location": each.location},
        "recurrence_rule": None,
        "user_count": 0,
        "guild_scheduled_event_exceptions": [],
    }


def message(each: LocalMessage, *, nonce: bool = False) -> Json:
    """A message; only the answer to its creation and the event of it show the nonce."""
    shown: Json = {
        "id": str(each.id),
        "channel_id": str(each.channel.id),
        "type": each.kind,
        "author": user(each.author),
        "content": each.content,
        "embeds": each.embeds,
        "components": each.components,
        "attachments": [attachment(file, each.channel.state.files_url) for file in each.attachments],
        "mentions": [user(pinged) for pinged in each.pinged_users],
        "mention_roles": [str(pinged.id) for pinged in each.pinged_roles],
        "mention_everyone": each.pinged_everyone,
        "timestamp": moment(time_of(each.id)),
        "edited_timestamp": each.edited_at and moment(each.edited_at),
        "flags": each.flags,
        "pinned": False,
        "tts": False,
    }
    if nonce and each.nonce is not None:
        shown["nonce"] = each.nonce
    if each.interaction is not None:
        application_id = str(each.channel.state.application_id)
        shown |= {
            "interaction_metadata": each.interaction,
            "webhook_id": application_id,
            "application_id": application_id,
        }
    return shown


def interaction(each: LocalInteraction) -> Json:
    """An interaction as the gateway sends it."""
    place = each.channel
    shown: Json = {
        "id": str(each.id),
        "application_id": str(each.state.application_id),
        "type": each.kind,
        "data": each.data,
        "token": each.token,
        "version": 1,
        "channel_id": str(place.id),
        "channel": channel(place),
        "locale": each.member.locale,
        "app_permissions": str(int(_app_permissions(place))),
        "entitlements": [],
        "authorizing_integration_owners": each.owners,
        "context": place.context,
        "attachment_size_limit": _ATTACHMENT_LIMIT,
        **_who_and_where(each),
    }
    if each.source is not None:
        shown["message"] = message(each.source)
    return shown


def _who_and_where(each: LocalInteraction) -> Json:
    """A member with what they may do in the channel, and the guild; in private only the account."""
    actor, place, home = each.member, each.channel, each.guild
    if home is None:
        return {"user": user(actor.user)}
    permissions = str(int(actor.permissions_in(place)))
    return {
        "guild_id": str(home.id),
        "guild": {"id": str(home.id), "locale": home.locale, "features": []},
        "guild_locale": home.locale,
        "channel": {**channel(place), "permissions": permissions},
        "member": {**member(actor), "permissions": permissions},
    }


def _app_permissions(place: LocalChannel) -> Permission:
    """What the app may do where it is used; in a guild without the bot that is what @everyone may (not documented)."""
    if place.guild is None:
        return _IN_PRIVATE | (_WITH_THE_BOT if place.recipient is not None else Permission(0))
    if place.guild.has_bot:
        return place.guild.bot_permissions_in(place)
    everyone = place.guild.everyone
    return in_channel(
        in_guild(is_owner=False, roles=[everyone.permissions]),
        place.overwrites,
        everyone_id=everyone.id,
        role_ids=(),
        member_id=place.state.bot_id,
        sending=place.sending,
    )


def interaction_metadata(each: LocalInteraction) -> Json:
    """`interaction_metadata` of the messages that answer an interaction."""
    shown: Json = {
        "id": str(each.id),
        "type": each.kind,
        "user": user(each.member.user),
        "authorizing_integration_owners": each.owners,
    }
    if each.trigger is not None:
        shown["triggering_interaction_metadata"] = interaction_metadata(each.trigger)
    elif each.source is not None:
        shown["interacted_message_id"] = str(each.source.id)
    return shown
