"""Discord's limits on what is shown, in UTF-16 code units, from its documentation."""

TITLE_LIMIT = 256
"""The title of an embed."""

DESCRIPTION_LIMIT = 4096
"""The description of an embed."""

FIELD_LIMIT = 1024
"""The value of one field of an embed."""

CHOICE_LIMIT = 100
"""The name of a suggestion shown while somebody types an option."""

CONTENT_LIMIT = 2000
"""The text of a message beside its embed."""

POST_TITLE_LIMIT = 100
"""The title of a post of a forum."""
