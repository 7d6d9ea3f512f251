"""Runs a program and writes what it used: spawn.py REPORT.json SECONDS PROGRAM [ARGUMENT…]

A process of its own, because the system counts what a process holds when it starts a program as
that program's peak memory: this one holds little. The program is ended after SECONDS.
"""

import json
import os
import signal
import sys
import time


def main():
    report, limit, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.execv(command[0], command)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, limit)
    _, status, used = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    signal.setitimer(signal.ITIMER_REAL, 0)
    with open(report, "w") as file:
        json.dump({"status": os.waitstatus_to_exitcode(status), "seconds": seconds,
                   "cpu_s": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}, file)


main()
