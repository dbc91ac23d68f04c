"""Who starts the three processes takes them along, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# A starter of one watched command, which itself starts another; it prints the pids of both.
STARTER = """
import os, subprocess, sys, time
reading, writing = os.pipe()
family = '''import os, subprocess as s
child = s.Popen(["sleep", "60"])
print(os.getpid(), child.pid, flush=True)
child.wait()'''
subprocess.Popen([sys.executable, "-m", "izbaku.lifeline", str(reading), sys.executable, "-c", family],
                 pass_fds=[reading], start_new_session=True)
time.sleep(60)
"""


def is_running(pid: int) -> bool:
    """Whether the process does anything; one that only waits to be reaped does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_children_and_grandchildren_go_with_the_starter(sign):
    base = Path(__file__).resolve().parents[2]
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=base,
    )
    with starter:
        assert starter.stdout is not None
        family = [int(word) for word in starter.stdout.readline().split()]
        assert [is_running(pid) for pid in family] == [True, True]

        os.kill(starter.pid, sign)
        starter.wait()

        deadline = time.monotonic() + 8
        while any(map(is_running, family)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [is_running(pid) for pid in family] == [False, False]
