"""What the client can ask for is what X's own document names, no less and no more."""

from typing import Any, get_args

import pytest

from spacebot.x import vocabulary
from tests.x.documents import openapi

NAMES = {
    "SpaceFieldsParameter": vocabulary.SpaceField,
    "SpaceExpansionsParameter": vocabulary.SpaceExpansion,
    "TopicFieldsParameter": vocabulary.TopicField,
    "UserFieldsParameter": vocabulary.UserField,
    "UserExpansionsParameter": vocabulary.UserExpansion,
    "PostFieldsParameter": vocabulary.PostField,
    "PostExpansionsParameter": vocabulary.PostExpansion,
    "MediaFieldsParameter": vocabulary.MediaField,
    "PollFieldsParameter": vocabulary.PollField,
    "PlaceFieldsParameter": vocabulary.PlaceField,
}


@pytest.mark.parametrize("parameter", sorted(NAMES))
def test_every_enumeration_is_xs_own(parameter: str) -> None:
    documented = openapi()["components"]["parameters"][parameter]["schema"]["items"]["enum"]
    ours: Any = NAMES[parameter]
    assert set(get_args(ours)) == set(documented)


@pytest.mark.parametrize(
    ("older", "today"),
    [
        (vocabulary.OlderSpaceExpansion, vocabulary.SpaceExpansion),
        (vocabulary.OlderUserExpansion, vocabulary.UserExpansion),
        (vocabulary.OlderPostExpansion, vocabulary.PostExpansion),
        (vocabulary.OlderPostField, vocabulary.PostField),
    ],
)
def test_every_older_name_stands_for_one_of_today(older: Any, today: Any) -> None:
    assert {vocabulary.TODAYS[name] for name in get_args(older)} <= set(get_args(today))
    assert not set(get_args(older)) & set(get_args(today))


def test_the_states_of_a_search_are_xs_own() -> None:
    parameters = openapi()["paths"]["/2/spaces/search"]["get"]["parameters"]
    [state] = [each["schema"]["enum"] for each in parameters if each.get("name") == "state"]
    assert set(get_args(vocabulary.SearchState)) == set(state)
