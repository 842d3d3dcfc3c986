"""Every setting that is missing or malformed is named, with what to do, and no secret is ever shown."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from spacebot.errors import SettingsError
from spacebot.settings import Settings, load, load_database
from spacebot.vault import new_key

DISCORD_TOKEN = "discord-token-of-a-test"
X_TOKEN = "x-token-of-a-test"


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and an environment that sets nothing."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("SPACEBOT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def tokens(bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACEBOT_DISCORD_TOKEN", DISCORD_TOKEN)
    monkeypatch.setenv("SPACEBOT_X_BEARER_TOKEN", X_TOKEN)


def refusal() -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load()
    assert caught.value.__cause__ is None
    hidden = caught.value.__suppress_context__ or caught.value.__context__ is None
    assert hidden, "the library's own error may hold the value"
    return str(caught.value).splitlines()


def test_two_tokens_are_enough(tokens: None) -> None:
    settings, unknown = load()
    assert settings.discord_token.get_secret_value() == DISCORD_TOKEN
    assert (settings.x_bearer_token or SecretStr("")).get_secret_value() == X_TOKEN
    assert settings.database == Path("spacebot.sqlite3")
    assert settings.discord_api_url == "https://discord.com/api/v10"
    assert settings.x_api_url == "https://api.x.com"
    assert unknown == []


def test_each_missing_setting_is_named_with_what_it_is_and_where_to_set_it() -> None:
    first, second = refusal()
    assert first.startswith("SPACEBOT_DISCORD_TOKEN is not set. Set it in the environment or in .env: the bot's token")
    assert second.startswith("SPACEBOT_X_BEARER_TOKEN is not set.")


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("DATABASE", "~nobody-of-that-name/spacebot.sqlite3", "home directory of nobody"),
        ("DISCORD_TOKEN", "two words", "no spaces"),
        ("DISCORD_TOKEN", "   ", "it is empty"),
        ("X_BEARER_TOKEN", "line\nbreak", "no spaces, line breaks"),
        ("X_BEARER_TOKEN", "tökén", "special characters"),
        ("DISCORD_API_URL", "discord.com", "https://"),
        ("DISCORD_API_URL", "https://", "https://"),
        ("DISCORD_API_URL", "http://[", "cannot be used"),
        ("DISCORD_GATEWAY_URL", "https://gateway.discord.gg", "wss://"),
        ("X_API_URL", "ftp://api.x.com", "https://"),
        ("X_API_URL", "http://api.x.com", "unencrypted to api.x.com; give its https://"),
        ("DISCORD_API_URL", "http://10.0.0.1/api", "unencrypted"),
        ("DISCORD_GATEWAY_URL", "ws://gateway.discord.gg", "give its wss://"),
        ("PUBLIC_URL", "http://bot.example", "unencrypted"),
        ("X_REDIRECT_URL", "http://localhost.example/x/callback", "unencrypted"),
        ("LOG_LEVEL", "LOUD", "'DEBUG'"),
        ("WATCH_LIMIT", "0", "greater than or equal to 1"),
        ("WATCH_LIMIT", "many", "valid integer"),
        ("PEOPLE_SHARE", "1", "less than or equal to 0.9"),
        ("PEOPLE_SHARE", "nan", "cannot be used"),
        ("MESSAGES_PER_SECOND", "51", "less than or equal to 50"),
        ("MESSAGES_PER_SECOND", "0", "greater than 0"),
        ("LISTEN", "8080", "an address and a port"),
        ("LISTEN", "0.0.0.0:65536", "an address and a port"),
        ("PUBLIC_URL", "bot.example", "https://"),
    ],
)
def test_a_malformed_setting_is_named_with_what_is_wrong(
    tokens: None, monkeypatch: pytest.MonkeyPatch, name: str, value: str, wrong: str
) -> None:
    monkeypatch.setenv(f"SPACEBOT_{name}", value)
    [line] = refusal()
    assert line.startswith(f"SPACEBOT_{name} cannot be used: ")
    assert wrong in line


def test_a_key_and_secret_stand_in_for_a_bearer_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACEBOT_DISCORD_TOKEN", DISCORD_TOKEN)
    monkeypatch.setenv("SPACEBOT_X_API_KEY", "key")
    [line] = refusal()
    assert "SPACEBOT_X_API_SECRET" in line
    monkeypatch.setenv("SPACEBOT_X_API_SECRET", "not-to-be-shown")
    settings, _ = load()
    assert settings.x_bearer_token is None
    assert "not-to-be-shown" not in repr(settings)


def test_linking_needs_a_key(tokens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACEBOT_X_CLIENT_ID", "client")
    [line] = refusal()
    assert line.startswith("SPACEBOT_ENCRYPTION_KEY is not set")
    assert "spacebot key" in line
    for wrong in ("short", new_key() + ",short"):
        monkeypatch.setenv("SPACEBOT_ENCRYPTION_KEY", wrong)
        [line] = refusal()
        assert line.startswith("SPACEBOT_ENCRYPTION_KEY cannot be used")
        assert wrong not in line
    monkeypatch.setenv("SPACEBOT_ENCRYPTION_KEY", f"{new_key()}, {new_key()}")
    settings, _ = load()
    assert settings.encryption_key is not None


def test_every_wrong_setting_has_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACEBOT_LOG_LEVEL", "LOUD")
    monkeypatch.setenv("SPACEBOT_WATCHLIMIT", "5")
    lines = refusal()
    assert [line.split()[0] for line in lines] == [
        "SPACEBOT_DISCORD_TOKEN",
        "SPACEBOT_LOG_LEVEL",
        "SPACEBOT_X_BEARER_TOKEN",
        "SPACEBOT_WATCHLIMIT",
    ]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=6, max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_secret_is_never_shown(value: str) -> None:
    secret = f"sEcReT {value}"  # the space makes it malformed
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPACEBOT_DISCORD_TOKEN", secret)
        patch.setenv("SPACEBOT_X_BEARER_TOKEN", secret)
        assert not any("sEcReT" in line for line in refusal())


def test_settings_do_not_show_their_secrets(tokens: None) -> None:
    settings, _ = load()
    assert DISCORD_TOKEN not in f"{settings!r} {settings}"
    assert X_TOKEN not in f"{settings!r} {settings}"


def test_the_file_is_read_and_the_environment_goes_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(
        f"SPACEBOT_DISCORD_TOKEN={DISCORD_TOKEN}\nSPACEBOT_X_BEARER_TOKEN={X_TOKEN}\nSPACEBOT_WATCH_LIMIT=7\n"
    )
    monkeypatch.setenv("SPACEBOT_X_BEARER_TOKEN", "from-the-environment")
    settings, unknown = load()
    assert (settings.watch_limit, (settings.x_bearer_token or SecretStr("")).get_secret_value()) == (
        7,
        "from-the-environment",
    )
    assert unknown == []


def test_names_of_others_are_none_of_our_business(tokens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("POSTGRES_PASSWORD=x\nDATABASE=other.db\nLOG_LEVEL=LOUD\nexport A='b'\n")
    monkeypatch.setenv("X_BEARER_TOKEN", "not ours")
    settings, unknown = load()
    assert (settings.database, settings.log_level, unknown) == (Path("spacebot.sqlite3"), "INFO", [])


def test_an_unknown_name_of_ours_is_pointed_out(tokens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("SPACEBOT_DATABSE=typo.db\n")
    monkeypatch.setenv("SPACEBOT_X_TOKEN", "old name")
    _, unknown = load()
    assert unknown == [
        "SPACEBOT_DATABSE is not a setting of spacebot; check its spelling.",
        "SPACEBOT_X_TOKEN is not a setting of spacebot; check its spelling.",
    ]


def test_an_empty_setting_counts_as_not_set(tokens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACEBOT_DATABASE", "")
    monkeypatch.setenv("SPACEBOT_LOG_LEVEL", "")
    settings, _ = load()
    assert (settings.database, settings.log_level) == (Path("spacebot.sqlite3"), "INFO")
    monkeypatch.setenv("SPACEBOT_DISCORD_TOKEN", "")
    [line] = refusal()
    assert line.startswith("SPACEBOT_DISCORD_TOKEN is not set.")


def test_a_token_is_taken_without_the_blanks_around_it(tokens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACEBOT_DISCORD_TOKEN", f"  {DISCORD_TOKEN}\n")
    assert load()[0].discord_token.get_secret_value() == DISCORD_TOKEN


def test_an_address_loses_its_last_slash(tokens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACEBOT_X_API_URL", "http://127.0.0.1:8080/")
    assert load()[0].x_api_url == "http://127.0.0.1:8080"


def test_a_file_that_is_no_text_is_named(tokens: None) -> None:
    Path(".env").write_bytes(b"SPACEBOT_DATABASE=\xff\xfe\n")
    [line] = refusal()
    assert line.startswith(".env cannot be read")


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description and field.description.endswith(".") for field in Settings.model_fields.values())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.8.8"])
def test_this_machine_may_be_reached_without_encryption(
    tokens: None, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("SPACEBOT_X_API_URL", f"http://{host}:1")
    monkeypatch.setenv("SPACEBOT_DISCORD_GATEWAY_URL", f"ws://{host}:2")
    assert load()[0].x_api_url == f"http://{host}:1"


def test_whoever_only_looks_at_the_database_needs_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_database().database == Path("spacebot.sqlite3")
    Path(".env").write_text("SPACEBOT_DATABASE=~/there.sqlite3\nSPACEBOT_X_API_URL=nonsense\n")
    assert load_database().database == Path.home() / "there.sqlite3"
    Path(".env").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        load_database()


def test_operators_are_ids_with_commas_and_have_a_server(tokens: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACEBOT_OPERATORS", " 123456789012345678, 2 ,")
    [line] = refusal()
    assert line.startswith("SPACEBOT_OPERATOR_GUILD is not set, and SPACEBOT_OPERATORS needs it")
    monkeypatch.setenv("SPACEBOT_OPERATOR_GUILD", "3")
    settings, _ = load()
    assert settings.operators == frozenset({123456789012345678, 2})
    assert settings.operator_guild == 3
    monkeypatch.setenv("SPACEBOT_OPERATORS", "somebody#1234")
    [line] = refusal()
    assert line.startswith("SPACEBOT_OPERATORS cannot be used: give user ids as Discord shows them in developer mode")
    monkeypatch.delenv("SPACEBOT_OPERATORS")
    [line] = refusal()
    assert line.startswith("SPACEBOT_OPERATORS is not set, and SPACEBOT_OPERATOR_GUILD needs it")


@pytest.mark.parametrize(("written", "meant"), [("none", None), ("None", None), ("2.50", Decimal("2.50"))])
def test_the_daily_budget_is_an_amount_or_none(
    monkeypatch: pytest.MonkeyPatch, written: str, meant: Decimal | None
) -> None:
    assert load_database().daily_budget_usd == 10
    monkeypatch.setenv("SPACEBOT_DAILY_BUDGET_USD", written)
    assert load_database().daily_budget_usd == meant


@pytest.mark.parametrize("nonsense", ["0", "-1", "nan", "much"])
def test_a_budget_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, nonsense: str) -> None:
    monkeypatch.setenv("SPACEBOT_DAILY_BUDGET_USD", nonsense)
    with pytest.raises(SettingsError, match="SPACEBOT_DAILY_BUDGET_USD"):
        load_database()


@pytest.mark.parametrize("written", ["info", "Info", " INFO "])
def test_a_level_is_taken_in_any_case(tokens: None, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("SPACEBOT_LOG_LEVEL", written)
    assert load()[0].log_level == "INFO"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DAILY_BUDGET_USD", "-1", "It is: US dollars that may be spent"),
        ("X_AUTHORIZE_URL", "nonsense", "It is: X's page of consent."),
        ("OPERATORS", "nobody", "It is: Discord user ids, with commas"),
        ("WATCH_LIMIT", "many", "It is: the most hosts"),
    ],
)
def test_names_keep_their_capital_within_a_message(
    tokens: None, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"SPACEBOT_{name}", value)
    assert said in refusal()[0]


@pytest.mark.parametrize("name", ["PRIVACY_URL", "TERMS_URL"])
def test_a_page_for_people_is_an_https_address_or_none(
    tokens: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for wrong in ("http://bot.example/", "bot.example", "https://", "https://bot.example/a b", "javascript:alert(1)"):
        monkeypatch.setenv(f"SPACEBOT_{name}", wrong)
        [line] = refusal()
        assert line.startswith(f"SPACEBOT_{name} cannot be used: give an address that begins with https://")
    monkeypatch.setenv(f"SPACEBOT_{name}", "https://bot.example/page")
    assert getattr(load()[0], name.lower()) == "https://bot.example/page"
    monkeypatch.setenv(f"SPACEBOT_{name}", "")
    assert getattr(load()[0], name.lower()) is None
