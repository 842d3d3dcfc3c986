"""Every setting in one class, read from the environment and from `.env`; an error names the setting and the remedy."""

import os
import re
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from yarl import URL

from spacebot.errors import SettingsError
from spacebot.vault import Vault

PREFIX = "SPACEBOT_"
ENV_FILE = ".env"

PAGE = re.compile(r"[!#-'*-;=?-\[\]-~]{1,400}")
"""What an address may be made of that people are shown within markdown."""

PROPER = {"X", "US", "Discord"}
"""First words that keep their capital in the middle of a sentence."""


def _address(secure: str, on_this_machine: str) -> AfterValidator:
    """An address of the secure scheme; the other one carries tokens only where nobody can listen: on this machine."""

    def check(value: str) -> str:
        url = URL(value)
        if url.scheme not in {secure, on_this_machine} or not url.host:
            raise ValueError(
                f"give an address that begins with {secure}:// (or, on this machine alone, {on_this_machine}://)"
            )
        if url.scheme == on_this_machine and not _is_loopback(url.host):
            raise ValueError(f"tokens would travel unencrypted to {url.host}; give its {secure}:// address")
        return value.rstrip("/")

    return AfterValidator(check)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not text:
        raise ValueError("it is empty")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("a token has no spaces, line breaks or special characters; copy it again")
    return SecretStr(text)


Token = Annotated[SecretStr, AfterValidator(_token)]


def _keys(value: SecretStr) -> SecretStr:
    try:
        vault_of(value)
    except ValueError:
        raise ValueError("it is no key; make one with `spacebot key`") from None
    return value


Keys = Annotated[SecretStr, AfterValidator(_keys)]


def vault_of(keys: SecretStr) -> Vault:
    """The vault with these comma-separated keys; raises ValueError if one is not a key."""
    return Vault([SecretStr(key.strip()) for key in keys.get_secret_value().split(",")])


def _none(value: object) -> object:
    return None if isinstance(value, str) and value.strip().casefold() == "none" else value


def _positive(value: Decimal | None) -> Decimal | None:
    if value is not None and not (value.is_finite() and value > 0):
        raise ValueError("give an amount above 0, or `none` for no limit")
    return value


DailyBudget = Annotated[Decimal | None, BeforeValidator(_none), AfterValidator(_positive)]


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not int(port) < 1 << 16:
        raise ValueError("give an address and a port, as in 127.0.0.1:8080")
    return value


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("it begins with the home directory of nobody; give the whole path") from None


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _page(value: str) -> str:
    url = URL(value)
    if url.scheme != "https" or not url.host or not PAGE.fullmatch(value):
        raise ValueError("give an address that begins with https://")
    return value


Page = Annotated[str, AfterValidator(_page)]
"""The address of a page of the operator's that people are shown."""


def _ids(value: object) -> object:
    if not isinstance(value, str):
        return value
    ids = [one.strip() for one in value.split(",") if one.strip()]
    if not all(one.isascii() and one.isdigit() and 0 < int(one) < 1 << 63 for one in ids):
        raise ValueError("give user ids as Discord shows them in developer mode, with commas between them")
    return frozenset(int(one) for one in ids) or None


class DatabaseSettings(BaseSettings):
    """What whoever only looks at the database needs: no tokens."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    database: Annotated[Path, AfterValidator(_expanded)] = Field(
        Path("spacebot.sqlite3"), description="The SQLite file; it is made if it is not there."
    )
    daily_budget_usd: DailyBudget = Field(
        Decimal(10),
        description="US dollars that may be spent on X in one UTC day, or `none` for no limit.",
    )
    detection_share: float = Field(
        0.6,
        ge=0.1,
        le=0.95,
        description="The part of the daily budget that is kept for looking for Spaces, whatever members ask.",
    )


class Settings(DatabaseSettings):
    """Everything an operator can set; the README repeats each description."""

    discord_token: Token = Field(description="The bot's token, from the Bot page of the Discord developer portal.")
    x_bearer_token: Token | None = Field(None, description="The app's bearer token, from the X developer portal.")
    x_api_key: str | None = Field(None, description="The app's API key, instead of a bearer token.")
    x_api_secret: Token | None = Field(None, description="The app's API secret, instead of a bearer token.")
    x_client_id: str | None = Field(
        None, description="The app's OAuth 2.0 client id; with it people can link their own X account."
    )
    x_client_secret: Token | None = Field(None, description="Its secret; leave it out for a public client.")
    x_redirect_url: Annotated[str, _address("https", "http")] = Field(
        "http://127.0.0.1:8080/x/callback",
        description="Where X sends people back to without a public address; registered with X letter for letter.",
    )
    x_authorize_url: Annotated[str, _address("https", "http")] = Field(
        "https://x.com/i/oauth2/authorize", description="X's page of consent."
    )
    encryption_key: Keys | None = Field(
        None, description="What encrypts people's tokens, from `spacebot key`; several, with commas, to exchange one."
    )
    public_url: Annotated[str, _address("https", "http")] | None = Field(
        None, description="Where people reach the bot's web endpoint; X sends them back to its `/x/callback`."
    )
    listen: Annotated[str, AfterValidator(_host_and_port)] = Field(
        "127.0.0.1:8080",
        description="Where the web endpoint listens, if there is a public address; your web server passes on to it.",
    )
    discord_api_url: Annotated[str, _address("https", "http")] = Field(
        "https://discord.com/api/v10", description="Where Discord's HTTP API is."
    )
    discord_gateway_url: Annotated[str, _address("wss", "ws")] = Field(
        "wss://gateway.discord.gg", description="Where Discord's gateway is."
    )
    x_api_url: Annotated[str, _address("https", "http")] = Field("https://api.x.com", description="Where X's API is.")
    x_pictures_url: Annotated[str, _address("https", "http")] = Field(
        "https://pbs.twimg.com",
        description="Where X's pictures are; one from elsewhere becomes no cover of an event, and none is fetched.",
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", description="How much is logged."
    )
    watch_limit: int = Field(100, ge=1, le=10_000, description="The most hosts that one server may follow.")
    keyword_limit: int = Field(10, ge=0, le=100, description="The most keywords that one server may watch for.")
    new_hosts_per_day: int = Field(
        100,
        ge=1,
        description="The most accounts that one server may have looked up anew in one UTC day to follow them.",
    )
    operators: Annotated[frozenset[int] | None, NoDecode, BeforeValidator(_ids)] = Field(
        None,
        description="Discord user ids, with commas: who may use `/operator …`. With it, only servers that they allow it"
        " to may watch for keywords.",
    )
    operator_guild: int | None = Field(
        None, ge=1, lt=1 << 63, description="The Discord server in which `/operator …` is offered."
    )
    privacy_url: Page | None = Field(
        None, description="Your privacy policy, shown by `/privacy` and `/help`; docs/privacy.md is a template."
    )
    terms_url: Page | None = Field(
        None, description="Your terms of service, shown by `/privacy` and `/help`; docs/terms.md is a template."
    )
    push: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Whether X pushes the starts of Spaces: `auto` where it lets us, `on` the same with a warning where not, `off`.",
    )
    push_subscriptions: int = Field(
        1500, ge=0, description="How many subscriptions the X plan allows; each host takes two."
    )
    x_price_space_usd: Decimal = Field(Decimal("0.005"), ge=0, description="What X takes for one Space returned.")
    x_price_user_usd: Decimal = Field(Decimal("0.010"), ge=0, description="What X takes for one account returned.")
    x_price_post_usd: Decimal = Field(Decimal("0.005"), ge=0, description="What X takes for one post returned.")
    x_price_event_usd: Decimal = Field(Decimal("0.005"), ge=0, description="What X takes for one event pushed.")
    people_share: float = Field(
        0.1, ge=0.0, le=0.9, description="The share of X's request limits that is kept for people's commands."
    )
    speakers: bool = Field(
        default=True,
        description="Whether co-hosts and speakers of live Spaces are shown, and who is invited to scheduled ones where a"
        " server wants it (`/config invited`); X bills each as a user, once a day.",
    )
    host_check_days: int = Field(
        30,
        ge=0,
        description="A followed account that was not seen for so many days is bought once, to learn of a new handle; 0: never.",
    )
    messages_per_second: float = Field(
        48.0, gt=0.0, le=50.0, description="The pace of messages to Discord, which takes 50 per second."
    )


def load() -> tuple[Settings, list[str]]:
    """Read the settings from the environment, and from `.env` in the working directory.

    Returns:
        The settings, and a sentence for each `SPACEBOT_…` name that is not one.

    Raises:
        SettingsError: one line for each setting that is missing or malformed: its name, what is wrong, what to do;
            never the value of a secret.
    """
    names = {PREFIX + name.upper() for name in Settings.model_fields}
    values = {name.upper(): value for name, value in {**_in_file(), **os.environ}.items()}
    given = {name for name in values if name.startswith(PREFIX)}
    incomplete = _incomplete({name.removeprefix(PREFIX) for name in given if (values[name] or "").strip()})
    unknown = [f"{name} is not a setting of spacebot; check its spelling." for name in sorted(given - names)]
    lines: list[str] = []
    try:
        settings = Settings(_env_file=ENV_FILE)
    except ValidationError as error:
        lines = [_explained(problem["loc"], problem["type"], problem["msg"]) for problem in error.errors()]
    if lines or incomplete:
        raise SettingsError("\n".join([*lines, *incomplete, *unknown]))
    return settings, unknown


def load_database() -> DatabaseSettings:
    """Where the database is, and what may be spent, by the same settings, whatever else is set or missing.

    Raises:
        SettingsError: the setting is malformed, or `.env` cannot be read.
    """
    _in_file()
    try:
        return DatabaseSettings(_env_file=ENV_FILE)
    except ValidationError as error:
        raise SettingsError(
            "\n".join(_explained(problem["loc"], problem["type"], problem["msg"]) for problem in error.errors())
        ) from None


def _in_file() -> dict[str, str | None]:
    """What stands in `.env`."""
    try:
        return dotenv_values(ENV_FILE)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{ENV_FILE} cannot be read ({type(error).__name__}). Make it a UTF-8 text file that this user may read."
        ) from None


def _incomplete(given: set[str]) -> list[str]:
    """A sentence for each setting that is missing although one that needs it is set."""
    lines = []
    if "X_BEARER_TOKEN" not in given and not {"X_API_KEY", "X_API_SECRET"} <= given:
        lines.append(
            f"{PREFIX}X_BEARER_TOKEN is not set. Set it in the environment or in {ENV_FILE}: the app's bearer token, from"
            f" the X developer portal; or set both {PREFIX}X_API_KEY and {PREFIX}X_API_SECRET."
        )
    if "X_CLIENT_ID" in given and "ENCRYPTION_KEY" not in given:
        lines.append(
            f"{PREFIX}ENCRYPTION_KEY is not set, and {PREFIX}X_CLIENT_ID needs it: it encrypts people's tokens. Make one"
            " with `spacebot key` and keep it out of the database's backups."
        )
    for one, other, why in (
        ("OPERATORS", "OPERATOR_GUILD", "their commands are offered in one server alone: give its id"),
        ("OPERATOR_GUILD", "OPERATORS", "somebody has to be the operator: give their Discord user ids"),
    ):
        if one in given and other not in given:
            lines.append(f"{PREFIX}{other} is not set, and {PREFIX}{one} needs it: {why}.")
    return lines


def _explained(location: tuple[int | str, ...], kind: str, message: str) -> str:
    field = str(location[0]).lower().removeprefix(PREFIX.lower())
    name = PREFIX + field.upper()
    about = (Settings.model_fields[field].description or "").rstrip(".") if field in Settings.model_fields else ""
    if kind == "missing":
        return f"{name} is not set. Set it in the environment or in {ENV_FILE}: {_within(about)}."
    return f"{name} cannot be used: {_within(message.removeprefix('Value error, '))}. It is: {_within(about)}."


def _within(sentence: str) -> str:
    """A sentence as it goes on after a colon: its first letter is small, unless it begins a name."""
    first = re.split(r"[ ']", sentence, maxsplit=1)[0]
    return sentence if first in PROPER else sentence[:1].lower() + sentence[1:]
