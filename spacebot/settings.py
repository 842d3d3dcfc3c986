"""Every setting, in one class, read from the environment and from `.env`; a wrong one is named with what to do."""

import os
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from yarl import URL

from spacebot.errors import SettingsError

PREFIX = "SPACEBOT_"
ENV_FILE = ".env"


def _address(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        url = URL(value)
        if url.scheme not in schemes or not url.host:
            raise ValueError(f"give an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return value.rstrip("/")

    return AfterValidator(check)


def _token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not text:
        raise ValueError("it is empty")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("a token has no spaces, line breaks or special characters; copy it again")
    return SecretStr(text)


Token = Annotated[SecretStr, AfterValidator(_token)]


class Settings(BaseSettings):
    """All that an operator can set; the description of each is what the documentation says of it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    discord_token: Token = Field(description="The bot's token, from the Bot page of the Discord developer portal.")
    x_bearer_token: Token = Field(description="The app's bearer token, from the X developer portal.")
    database: Path = Field(Path("spacebot.sqlite3"), description="The SQLite file; it is made if it is not there.")
    discord_api_url: Annotated[str, _address("https", "http")] = Field(
        "https://discord.com/api/v10", description="Where Discord's HTTP API is."
    )
    discord_gateway_url: Annotated[str, _address("wss", "ws")] = Field(
        "wss://gateway.discord.gg", description="Where Discord's gateway is."
    )
    x_api_url: Annotated[str, _address("https", "http")] = Field("https://api.x.com", description="Where X's API is.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")
    watch_limit: int = Field(100, ge=1, le=10_000, description="The most hosts that one server may follow.")
    people_share: float = Field(
        0.1, ge=0.0, le=0.9, description="The share of X's request limits that is kept for people's commands."
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
    try:
        in_file = dotenv_values(ENV_FILE)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{ENV_FILE} cannot be read ({type(error).__name__}). Make it a UTF-8 text file that this user may read."
        ) from None
    given = {name.upper() for name in (*os.environ, *in_file) if name.upper().startswith(PREFIX)}
    unknown = [f"{name} is not a setting of spacebot; check its spelling." for name in sorted(given - names)]
    try:
        return Settings(_env_file=ENV_FILE), unknown
    except ValidationError as error:
        lines = [_explained(problem["loc"], problem["type"], problem["msg"]) for problem in error.errors()]
        raise SettingsError("\n".join([*lines, *unknown])) from None


def _explained(location: tuple[int | str, ...], kind: str, message: str) -> str:
    field = str(location[0]).lower().removeprefix(PREFIX.lower())
    name = PREFIX + field.upper()
    about = (Settings.model_fields[field].description or "").rstrip(".") if field in Settings.model_fields else ""
    if kind == "missing":
        return f"{name} is not set. Set it in the environment or in {ENV_FILE}: {about[:1].lower()}{about[1:]}."
    wrong = message.removeprefix("Value error, ")
    return f"{name} cannot be used: {wrong[:1].lower()}{wrong[1:]}. It is: {about[:1].lower()}{about[1:]}."
