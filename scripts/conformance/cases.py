"""The published cases, read from the installed package.

They are Python 2. What that means for them is little, so they are not translated: each file is compiled as it is, but for
four things that Python 3 would take differently, and sees a few names as Python 2 had them.

A Python 2 string is bytes. Here it is a `str` whose characters are those bytes: a file is read as Latin-1, and the
protocol of `player.py` turns every such string into bytes on its way out and back on its way in.
"""

import ast
import binascii
import builtins
import importlib.util
import re
from pathlib import Path
from types import ModuleType, SimpleNamespace

# Parameters that the WebSocket library has renamed since.
RENAMED = re.compile(r"^(accept|request)(NoContextTakeover|MaxWindowBits)$")


def load():
    """All cases by their number, (1, 1, 1) first."""
    package = importlib.util.find_spec("autobahntestsuite").submodule_search_locations[0]
    listed = Files(Path(package)).module("__init__").Cases
    base = Files.common_base(listed)
    # It pickles both sides, and Python 3 pickles equal strings differently when they are not the same object.
    base.compare = lambda _self, left, right: left == right
    return dict(sorted((number(case), case) for case in listed))


def number(case):
    """(1, 2, 3) of Case1_2_3."""
    return tuple(int(part) for part in case.__name__.removeprefix("Case").split("_"))


class Files:
    """The files of the cases as modules that import each other by their bare names."""

    def __init__(self, package):
        self.package = package
        self.modules = {}
        self.builtins = {
            **vars(builtins),
            "__import__": self.imported,
            "type": made,
            "unichr": chr,
            "xrange": range,
        }
        self.stand_ins = {
            "binascii": SimpleNamespace(b2a_hex=to_hex, hexlify=to_hex, unhexlify=from_hex, a2b_hex=from_hex),
            "pkg_resources": SimpleNamespace(resource_filename=lambda _package, name: str(package / name)),
            # Both are used by one case that the list leaves out.
            "zope.interface": SimpleNamespace(implements=lambda *_: None),
            "twisted.internet": SimpleNamespace(reactor=None, interfaces=SimpleNamespace(IPushProducer=None)),
            "autobahn.websocket.utf8validator": SimpleNamespace(Utf8Validator=Validator),
        }

    @staticmethod
    def common_base(cases):
        return next(kind for kind in cases[0].__mro__ if kind.__name__ == "Case")

    def imported(self, name, *context):
        """What an `import` in a case finds."""
        if name in self.stand_ins:
            return self.stand_ins[name]
        if (self.package / "case" / f"{name}.py").exists():
            return self.module(name)
        return builtins.__import__(name, *context)

    def module(self, name):
        if name not in self.modules:
            path = self.package / "case" / f"{name}.py"
            module = self.modules[name] = ModuleType(name)
            module.__builtins__ = self.builtins
            source = re.sub(r"^( *)print\b.*$", r"\1pass", path.read_text("latin-1").expandtabs(), flags=re.M)
            exec(compile(AsMeant().visit(ast.parse(source)), path, "exec"), vars(module))
        return self.modules[name]


class AsMeant(ast.NodeTransformer):
    """Whole numbers divide to whole numbers, and the library's parameters have their names of today."""

    def visit_Div(self, _node):
        return ast.FloorDiv()

    def visit_keyword(self, node):
        node.arg = node.arg and renamed(node.arg)
        return self.generic_visit(node)

    def visit_Attribute(self, node):
        node.attr = renamed(node.attr)
        return self.generic_visit(node)


def renamed(name):
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name) if RENAMED.match(name) else name


def made(*arguments):
    """`type`, for cases that make their classes: `object` must be the last base, and need not be one."""
    if len(arguments) == 1:
        return type(arguments[0])
    name, bases, body = arguments
    return type(name, tuple(base for base in bases if base is not object), body)


class Validator:
    """Says of a whole string whether it is UTF-8; the cases make their own expectations with it."""

    def reset(self):
        pass

    def validate(self, string):
        try:
            in_bytes(string).decode()
            return True, True
        except UnicodeDecodeError:
            return False, False


def in_bytes(value):
    """A Python 2 string as bytes; anything else as it is."""
    return value.encode("latin-1") if isinstance(value, str) else value


def in_characters(value):
    """Bytes as a Python 2 string."""
    return value.decode("latin-1")


def to_hex(value):
    return binascii.hexlify(in_bytes(value)).decode()


def from_hex(value):
    return in_characters(binascii.unhexlify(value))
