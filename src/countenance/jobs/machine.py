"""Which machine and which process this is, so that others can tell at once whether a worker still lives."""

from __future__ import annotations

import os
import platform
import secrets
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def machine() -> str:
    """A name that two processes share only if each can see the other's process number: host, boot, container."""
    try:
        seen = (_BOOT_ID.read_text().strip(), os.readlink("/proc/self/ns/pid"))
    except OSError:  # no Linux: nobody is told dead by its number, leases alone decide
        seen = (secrets.token_hex(8), "")
    return " ".join((platform.node(), *seen))


def process() -> str:
    """This process, by its number and the moment it started: numbers come back."""
    return f"{os.getpid()} {_started(os.getpid())}"


def is_alive(on: str, named: str) -> bool | None:
    """Whether a process is still there; None when that cannot be seen from here."""
    if on != machine():
        return None
    number, _, started = named.partition(" ")
    try:
        return _started(int(number)) == started
    except OSError:
        return False


def worker_name(prefix: str | None = None) -> str:
    """A name that no other worker has or ever had."""
    return f"{(prefix or platform.node())[:64]}-{os.getpid()}-{secrets.token_hex(4)}"


def _started(number: int) -> str:
    """When a process started, in ticks since the machine did; OSError when there is no such process."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        if number == os.getpid():
            return "0"
        raise
    if fields[0] in ("Z", "X"):
        raise ProcessLookupError(f"process {number} has ended")
    return fields[19]
