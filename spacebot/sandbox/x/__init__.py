"""A local X: a real HTTP server that keeps the rules of X's API v2 and is driven from Python, for the demo and the tests."""

from spacebot.sandbox.x.activity import Access, Subscription
from spacebot.sandbox.x.bill import Bill, BillLine
from spacebot.sandbox.x.exchanges import Exchange
from spacebot.sandbox.x.faults import Fault
from spacebot.sandbox.x.model import XList, XPost, XSpace, XUser
from spacebot.sandbox.x.quirks import Generation, Quirks
from spacebot.sandbox.x.server import LocalX

__all__ = [
    "Access",
    "Bill",
    "BillLine",
    "Exchange",
    "Fault",
    "Generation",
    "LocalX",
    "Quirks",
    "Subscription",
    "XList",
    "XPost",
    "XSpace",
    "XUser",
]
