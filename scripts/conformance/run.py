"""Plays the published WebSocket cases against the server's own connection code, with an echo behind it.

    run.py SERVER [--limits production|raised] [CASES …]

SERVER is a `tidings` built with the feature `conformance`; CASES are numbers such as 9.3.1 or groups such as 6 or 12.1, all of
them by default. The core cases are played twice: as the server is shipped, and with the limits raised that the large cases need.
"""

import argparse
import collections
import os
import secrets
import subprocess
import sys
import time

from twisted.internet import defer, task

import cases
from player import play

LARGE = (9, 12, 13)
RAISED = {"MESSAGE_BYTES": "16MiB", "QUEUE_BYTES": "64MiB", "ATTEMPTS_PER_MINUTE": "0"}


class Server:
    """The server on a free port of this machine, for as long as the `with` lasts."""

    def __init__(self, program, limits):
        settings = {f"TIDINGS_LIMITS_{name}": value for name, value in limits.items()}
        settings["TIDINGS_AUTH_ANONYMOUS"] = "true"
        settings["TIDINGS_AUTH_API_KEYS"] = secrets.token_hex(32)
        # Nothing of the caller's own: production limits are the shipped ones.
        plain = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
        command = [program, "serve", "--server.listen", "127.0.0.1:0", "--log.level", "warn"]
        self.process = subprocess.Popen(command, env=plain | settings, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            sys.exit("the server did not start")
        return line.split()[-1].replace("http://", "ws://") + "/__echo"

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


@defer.inlineCallbacks
def play_all(title, program, limits, chosen):
    """Plays cases one after another; true when none failed."""
    begun, tally, failed = time.monotonic(), collections.Counter(), []
    print(f"{title}: {len(chosen)} cases", flush=True)
    with Server(program, limits) as url:
        for done, (number, case) in enumerate(chosen.items(), 1):
            name = ".".join(map(str, number))
            outcome = yield play(case, url)
            tally[outcome.behavior] += 1
            if not outcome.good:
                failed.append(name)
                print(f"  {name} {outcome.behavior}, close {outcome.close}: {outcome.why}", flush=True)
            elif sys.stdout.isatty():
                print(f"\r  {done} {name:<10}", end="\r", flush=True)
    figures = ", ".join(f"{count} {behavior}" for behavior, count in sorted(tally.items()))
    seconds = time.monotonic() - begun
    print(f"{title}: {figures}; {len(failed)} failed or closed wrongly; {seconds:.0f} s", flush=True)
    return not failed


@defer.inlineCallbacks
def main(_reactor, asked):
    everything = cases.load()
    groups = [tuple(map(int, group.split("."))) for group in asked.cases]
    chosen = {
        number: case
        for number, case in everything.items()
        if not groups or any(number[: len(group)] == group for group in groups)
    }
    core = {number: case for number, case in chosen.items() if number[0] not in LARGE}
    good = bool(chosen)
    if core and asked.limits in (None, "production"):
        good &= yield play_all("Production limits", asked.server, {}, core)
    if chosen and asked.limits in (None, "raised"):
        good &= yield play_all("Raised limits", asked.server, RAISED, chosen)
    if not good:
        sys.exit("Not conforming." if chosen else "No such cases.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("server")
    parser.add_argument("--limits", choices=("production", "raised"))
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_intermixed_args()
    task.react(main, [arguments])
