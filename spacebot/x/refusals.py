"""PURE: what X's refusals mean. Every status and every type of problem becomes exactly one exception of our tree."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from spacebot.errors import (
    XAbsent,
    XBadToken,
    XConflict,
    XCreditsDepleted,
    XDisconnected,
    XDown,
    XDuplicate,
    XError,
    XFieldRefused,
    XForbidden,
    XInvalidRequest,
    XNotEnrolled,
    XNotFound,
    XPrivate,
    XRateLimited,
    XRefused,
    XRuleCap,
    XSpendCapReached,
    XSuspended,
    XTooManyConnections,
    XUnavailable,
    XUnreadable,
    XUsageCapped,
    XWrongTokenKind,
)
from spacebot.x.lenient import loose_date
from spacebot.x.limits import read_rate
from spacebot.x.model import Problem

ABSENCES = frozenset(
    {"resource-not-found", "resource-unavailable", "not-authorized-for-resource", "disallowed-resource"}
)
"""Types of problem that say that one thing cannot be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One answer that is not what was asked for: its status and headers, and all the problems that it states."""

    status: int
    headers: Mapping[str, str]
    problems: tuple[Problem, ...]
    now: datetime

    @property
    def detail(self) -> str:
        """X's own words: the finest first."""
        return next((problem.detail for problem in self.problems if problem.detail), "")


def explain(refusal: Refusal) -> XError:
    """The one exception for this answer: what its problems say, or else what its status says."""
    for problem in refusal.problems:
        meaning = _meaning(problem)
        if meaning is None:
            continue
        error = meaning(problem, refusal)
        # A failing server is down, whatever reason it gives.
        if refusal.status < _SERVER_FAULT or isinstance(error, XDown):
            return error
    return _by_status(refusal)


def _meaning(problem: Problem) -> "Callable[[Problem, Refusal], XError] | None":
    if problem.code in _OLD_CODES:
        return _MEANINGS[_OLD_CODES[problem.code]]
    words = (problem.reason, problem.connection_issue, problem.title, problem.type)
    return next((_MEANINGS[key] for word in words if word and (key := _key(word)) in _MEANINGS), None)


def _key(word: str) -> str:
    return re.sub(r"[^a-z]", "", word.lower())


def _absent(kind: type[XAbsent]) -> Callable[[Problem, Refusal], XError]:
    def make(problem: Problem, refusal: Refusal) -> XError:
        suspended = "suspended" in problem.detail.lower() or (kind is XNotFound and problem.title == "Forbidden")
        return (XSuspended if suspended else kind)(
            resource_type=problem.resource_type,
            resource_id=problem.resource_id or problem.value,
            status=refusal.status,
            detail=problem.detail,
        )

    return make


def _plain(kind: type[XError]) -> Callable[[Problem, Refusal], XError]:
    return lambda problem, refusal: kind(status=refusal.status, detail=problem.detail)


def _field(problem: Problem, refusal: Refusal) -> XError:
    return XFieldRefused(field=problem.field or problem.value, status=refusal.status, detail=problem.detail)


def _usage(problem: Problem, refusal: Refusal) -> XError:
    return XUsageCapped(period=problem.period, scope=problem.scope, status=refusal.status, detail=problem.detail)


def _spend(problem: Problem, refusal: Refusal) -> XError:
    try:
        reset = loose_date(problem.reset_date or "")
    except msgspec.ValidationError:
        reset = None
    return XSpendCapReached(reset_date=reset, status=refusal.status, detail=problem.detail)


def _invalid(_: Problem, refusal: Refusal) -> XError:
    names: set[str] = set()
    values: set[str] = set()
    for problem in refusal.problems:
        names |= {problem.parameter} if problem.parameter else set()
        values |= {problem.value} if problem.value else set()
        for name, given in problem.parameters.items():
            names.add(name)
            values |= set(given)
        # 'The query parameter [post.fields] is not one of [ids,expansions]' names it in the text only.
        names |= set(re.findall(r"parameter \[([a-z_.]{1,40})\] is not", problem.detail))
    return XInvalidRequest(
        parameters=frozenset(names), values=frozenset(values), status=refusal.status, detail=refusal.detail
    )


def _rate(_: Problem | None, refusal: Refusal) -> XError:
    wait = read_rate(refusal.headers, refusal.now).reset_in
    return XRateLimited(
        until=None if wait is None else refusal.now + timedelta(seconds=wait),
        retry_after=wait,
        status=refusal.status,
        detail=refusal.detail,
    )


_MEANINGS: dict[str, Callable[[Problem, Refusal], XError]] = {
    "invalidrequest": _invalid,
    "invalidrules": _invalid,
    "clientnotenrolled": _plain(XNotEnrolled),
    "clientforbidden": _plain(XForbidden),
    "officialclientforbidden": _plain(XForbidden),
    "unsupportedauthentication": _plain(XWrongTokenKind),
    "resourcenotfound": _absent(XNotFound),
    "notfounderror": _absent(XNotFound),
    "resourceunavailable": _absent(XUnavailable),
    "disallowedresource": _absent(XUnavailable),
    "notauthorizedforresource": _absent(XPrivate),
    "notauthorizedforfield": _field,
    "fieldunauthorized": _field,
    "fieldhydrationfailure": _plain(XDown),
    "internalerror": _plain(XDown),
    "connectionexception": _plain(XDown),
    "streamingconnection": _plain(XTooManyConnections),
    "toomanyconnections": _plain(XTooManyConnections),
    "clientdisconnected": _plain(XDisconnected),
    "operationaldisconnect": _plain(XDisconnected),
    "usagecapped": _usage,
    "usagecapexceeded": _usage,
    "credits": _plain(XCreditsDepleted),
    "creditsdepleted": _plain(XCreditsDepleted),
    "spendcapreached": _spend,
    "rulecap": _plain(XRuleCap),
    "duplicaterules": _plain(XDuplicate),
    "duplicatesubscription": _plain(XDuplicate),
    "conflict": _plain(XConflict),
    "toomanyrequests": _rate,
    "badtoken": _plain(XBadToken),
}

_OLD_CODES = {
    32: "badtoken",
    63: "resourcenotfound",
    88: "toomanyrequests",
    89: "badtoken",
    99: "badtoken",
    130: "internalerror",
    131: "internalerror",
    215: "badtoken",
    453: "clientnotenrolled",
}
"""The numbers of API 1.1, which still come: https://developer.x.com/en/support/x-api/error-troubleshooting."""

_SERVER_FAULT = 500


def _by_status(refusal: Refusal) -> XError:
    status, detail = refusal.status, refusal.detail
    if status == 429:  # noqa: PLR2004 - an HTTP status is its own name
        return _rate(None, refusal)
    kinds: dict[int, type[XError]] = {
        401: XBadToken,
        402: XCreditsDepleted,
        403: XForbidden,
        408: XDown,
        409: XConflict,
    }
    named = next((problem for problem in refusal.problems if problem.resource_id), None)
    if status == 404 and named is not None:  # noqa: PLR2004 - as above
        return _absent(XNotFound)(named, refusal)
    if status in kinds:
        return kinds[status](status=status, detail=detail)
    if status == 400:  # noqa: PLR2004 - as above
        return _invalid(Problem(), refusal)
    if status >= _SERVER_FAULT:
        return XDown(status=status, detail=detail)
    # Without a readable body a 404 names nothing, and a redirection leads nowhere we would carry a token to.
    readable = bool(refusal.problems) and status > 400  # noqa: PLR2004 - as above
    return (XRefused if readable else XUnreadable)(status=status, detail=detail)
