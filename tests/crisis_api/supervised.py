"""A supervisor over small programs, for tests: python -m tests.crisis_api.supervised FOLDER NAME…

Each program writes its process id into FOLDER/NAME.pid and its end into FOLDER/ends. A name that
begins with "stubborn" ignores SIGTERM; one with "parent" starts a process of its own.
"""

import sys
from pathlib import Path

from crisis_api.supervisor import supervisor
from crisis_api.supervisor.output import Output
from crisis_api.supervisor.processes import Program
from crisis_api.supervisor.supervisor import Supervisor

PROGRAM = """
import os, pathlib, signal, subprocess, sys, time
name, folder = sys.argv[1], pathlib.Path(sys.argv[2])

def end(*_):
    with (folder / "ends").open("a") as ends:
        ends.write(name + "\\n")
    sys.stdout.write(name + " says goodbye")
    sys.exit(0)

signal.signal(signal.SIGTERM, signal.SIG_IGN if name.startswith("stubborn") else end)
if name.startswith("parent"):
    grandchild = subprocess.Popen(["sleep", "300"])
    (folder / "grandchild.pid").write_text(str(grandchild.pid))
draft = folder / (name + ".draft")
draft.write_text(str(os.getpid()))
draft.rename(folder / (name + ".pid"))
print(name, "runs", flush=True)
while True:
    time.sleep(1)
"""


def main(folder: Path, names: list[str]) -> int:
    """Run until told to stop."""

    def program(name: str) -> Program:
        return Program(name, [sys.executable, "-c", PROGRAM, name, str(folder)])

    base, *rest = names
    supervisor._LONGEST_WAIT = 0.2
    return Supervisor(
        [program(name) for name in rest], Output(names), foundation=program(base)
    ).run(once_founded=lambda: True, until_ready=lambda: True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
