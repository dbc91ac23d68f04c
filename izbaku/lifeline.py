"""Runs one command for as long as its starter lives: `python -m izbaku.lifeline <fd> <command …>`.

The starter holds the other end of a pipe. When it ends, however it ends (kill -9 too), the pipe closes,
and the command goes with everything it has started.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time

GRACE_SECONDS = 2.5  # with the look-out and the force after it, nobody is left after four seconds
LOOK_EVERY_SECONDS = 0.3
PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to end this process with its parent: covers a kill -9 of the watcher itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def is_alive(group: int) -> bool:
    """Whether anyone is left in the process group."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end(child: subprocess.Popen[bytes]) -> None:
    """End the child and its group: politely first, after the grace by force."""
    # Whom a dead child has left behind has nobody left to finish for.
    grace = GRACE_SECONDS if child.poll() is None else 0.0
    for sign, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 0.5)):
        deadline = time.monotonic() + patience
        try:
            os.killpg(child.pid, sign)
        except (ProcessLookupError, PermissionError):
            break
        while time.monotonic() < deadline:
            child.poll()
            if not is_alive(child.pid):
                return
            time.sleep(0.05)


def run(lifeline: int, command: list[str]) -> int:
    """The command's exit code, or 0 when the lifeline broke."""
    # A terminal's Ctrl-C and hang-up are the starter's to answer; it answers by letting go of the pipe.
    for sign in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(sign, lambda *_: None)
    # No shell and no threads here, so that the hook between fork and exec is safe.
    child = subprocess.Popen(command, process_group=0, preexec_fn=die_with_parent)  # noqa: PLW1509
    try:
        while child.poll() is None:
            broken, _, _ = select.select([lifeline], [], [], LOOK_EVERY_SECONDS)
            if broken:
                return 0
        return child.returncode if child.returncode >= 0 else 128 - child.returncode  # as a shell says it
    finally:
        end(child)


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]), sys.argv[2:]))
