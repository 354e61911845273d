"""Plays one case against a server."""

import codecs
from dataclasses import dataclass

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol, connectWS
from autobahn.websocket import protocol as library
from twisted.internet import defer, reactor

from cases import in_bytes, in_characters, number

# Groups whose cases expect bytes, not Python 2 strings.
NEW_STYLE = (12, 13)
PASSED = ("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED")
CLOSED_WELL = ("OK", "INFORMATIONAL")


@dataclass
class Outcome:
    """What a case found."""

    behavior: str
    close: str = ""
    why: str = ""

    @property
    def good(self):
        return self.behavior in PASSED and self.close in CLOSED_WELL


def play(case, url):
    """A deferred outcome."""
    factory = Factory(url)
    factory.setProtocolOptions(failByDrop=False)
    factory.logFrames = True
    factory.case = case
    connectWS(factory)
    return factory.outcome


# The library goes through text and masks byte by byte, which takes most of the time of a large case. These do the same with
# what Python has built in.


class QuickValidator:
    """Checks text as it arrives."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.decoder = codecs.getincrementaldecoder("utf-8")()

    def validate(self, data):
        try:
            self.decoder.decode(data)
        except UnicodeDecodeError:
            return False, False, 0, 0
        return True, not self.decoder.getstate()[0], len(data), len(data)


class QuickMasker:
    """Masks a payload piece by piece."""

    def __init__(self, mask, _length=None):
        self.mask = mask
        self.at = 0

    def pointer(self):
        return self.at

    def reset(self):
        self.at = 0

    def process(self, data):
        start, size = self.at % 4, len(data)
        key = (self.mask * (size // 4 + 2))[start : start + size]
        self.at += size
        return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


library.Utf8Validator = QuickValidator
library.create_xor_masker = QuickMasker


class Client(WebSocketClientProtocol):
    """The library's client, with the names that cases use and Python 2 strings on the cases' side."""

    createWirelog = False

    def connectionMade(self):
        self.connectionWasOpen = False
        self.txFrameStats, self.rxFrameStats = {}, {}
        self.case = self.factory.case(self)
        super().connectionMade()

    def onOpen(self):
        self.connectionWasOpen = True
        self.case.onOpen()

    def onMessage(self, payload, isBinary):
        new_style = number(self.factory.case)[0] in NEW_STYLE
        self.case.onMessage(payload if new_style else in_characters(payload), isBinary)

    def onPing(self, payload):
        self.case.onPing(in_characters(payload))
        super().onPing(payload)

    def onPong(self, payload):
        self.case.onPong(in_characters(payload))

    def onClose(self, wasClean, code, reason):
        self.case.onClose(wasClean, code, reason)

    def connectionLost(self, reason):
        super().connectionLost(reason)
        case = self.case
        case.onConnectionLost(self.failedByMe)
        why = "; ".join((case.result, f"{case.resultClose} (code {self.remoteCloseCode})"))
        self.factory.outcome.callback(Outcome(case.behavior, case.behaviorClose, why))

    def enableWirelog(self, _enable):
        pass

    def logTxFrame(self, frameHeader, *_):
        self.txFrameStats[frameHeader.opcode] = self.txFrameStats.get(frameHeader.opcode, 0) + 1

    def logRxFrame(self, frameHeader, *_):
        self.rxFrameStats[frameHeader.opcode] = self.rxFrameStats.get(frameHeader.opcode, 0) + 1

    def continueLater(self, delay, step, _tag=None):
        reactor.callLater(delay, self.if_open, step)

    def closeAfter(self, delay):
        reactor.callLater(delay, self.if_open, self.sendClose)

    def killAfter(self, delay):
        reactor.callLater(delay, self.if_open, self._fail_connection)

    def if_open(self, step):
        if self.state != self.STATE_CLOSED:
            step()


def taking_strings(method):
    """A method of the library that takes Python 2 strings too."""

    def call(self, *arguments, **named):
        named = {name: in_bytes(value) for name, value in named.items()}
        return method(self, *map(in_bytes, arguments), **named)

    return call


for name in ("sendFrame", "sendMessage", "sendMessageFrameData", "sendCloseFrame"):
    setattr(Client, name, taking_strings(getattr(WebSocketClientProtocol, name)))


class Factory(WebSocketClientFactory):
    """One connection for one case."""

    protocol = Client

    def __init__(self, url):
        super().__init__(url)
        self.outcome = defer.Deferred()

    def clientConnectionFailed(self, _connector, reason):
        self.outcome.callback(Outcome("NO CONNECTION", "", reason.getErrorMessage()))
