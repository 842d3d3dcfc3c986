"""What requests of tests are for, where it does not matter who asks: a person without shares, and the watch."""

from spacebot.domain.errands import Errand, Purpose

PEOPLE = Errand(purpose=Purpose.PEOPLE)
DETECTION = Errand(purpose=Purpose.DETECTION)
