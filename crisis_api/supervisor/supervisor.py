"""Keeps programs running, and stops them all, the foundation last."""

import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType

from crisis_api.supervisor.output import Output
from crisis_api.supervisor.processes import Program, kill, start

_LONGEST_WAIT = 30.0
_STEADY_AFTER = 60.0
_STOP_SECONDS = 10.0
_TICK = 0.25


class Child:
    """A program, its process while there is one, and when it starts again."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.failures = 0
        self.starts_at = 0.0
        self.started_at = 0.0

    @property
    def name(self) -> str:
        """What its lines are printed under."""
        return self.program.name

    def start(self) -> subprocess.Popen[bytes]:
        """Start it."""
        self.started_at = time.monotonic()
        self.process = start(self.program)
        return self.process

    def wait_before_next_start(self) -> float:
        """Return the seconds to wait, longer each time until it has run steadily for a minute."""
        lived = time.monotonic() - self.started_at
        self.failures = 1 if lived > _STEADY_AFTER else self.failures + 1
        seconds = min(2.0 ** (self.failures - 1), _LONGEST_WAIT)
        self.starts_at = time.monotonic() + seconds
        return seconds


class Supervisor:
    """Runs programs until a signal comes: `foundation` is up before the rest and goes last."""

    def __init__(
        self,
        programs: Sequence[Program],
        output: Output,
        *,
        foundation: Program | None = None,
    ) -> None:
        self._children = [Child(program) for program in programs]
        self._foundation = Child(foundation) if foundation else None
        self._output = output
        self._selector = selectors.DefaultSelector()
        self._signals: list[int] = []

    def run(self, *, once_founded: Callable[[], bool], until_ready: Callable[[], bool]) -> int:
        """Run until told to stop, and return the exit code.

        `once_founded` says whether the foundation came up. `until_ready` is asked again and again
        until it returns True.
        """
        self._listen_for_signals()
        try:
            if self._foundation:
                self._start(self._foundation)
                if not once_founded():
                    self._drain(0.2)
                    return 1
            for child in self._children:
                self._start(child)
            self._watch(until_ready)
            return 0
        finally:
            self._stop_all()

    def _everyone(self) -> list[Child]:
        return [*([self._foundation] if self._foundation else []), *self._children]

    def _listen_for_signals(self) -> None:
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        reader.setblocking(False)
        self._selector.register(reader, selectors.EVENT_READ)
        # Kept open for as long as the process: a signal may come at any time.
        self._wakeup = (reader, writer)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Whoever ignores HUP, as nohup does, wants to survive the terminal.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._remember)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self._signals.append(number)

    def _start(self, child: Child) -> None:
        if output := child.start().stdout:
            os.set_blocking(output.fileno(), False)
            self._selector.register(output, selectors.EVENT_READ, child)

    def _watch(self, until_ready: Callable[[], bool]) -> None:
        ready = False
        while not self._signals:
            self._drain(_TICK)
            for child in self._everyone():
                self._revive(child)
            if not ready and not self._signals:
                ready = until_ready()

    def _revive(self, child: Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.starts_at:
                self._start(child)
            return
        code = child.process.poll()
        if code is None:
            return
        self._bury(child)
        seconds = child.wait_before_next_start()
        self._output.say(f"{child.name} ended ({_how(code)}) and starts again in {seconds:.0f} s.")

    def _bury(self, child: Child) -> None:
        """Take leave of a process: its last words, and whatever it left running."""
        process, child.process = child.process, None
        if process is None or process.stdout is None:
            return
        kill(process)
        self._read(process.stdout.fileno(), child)
        self._output.finish(child.name)
        with suppress(KeyError):
            self._selector.unregister(process.stdout)
        process.stdout.close()

    def _drain(self, seconds: float) -> None:
        """Print what comes within the time; return as soon as something came."""
        for key, _ in self._selector.select(seconds):
            if isinstance(key.data, Child):
                if not self._read(key.fd, key.data):
                    self._selector.unregister(key.fileobj)
            else:
                self._wakeup[0].recv(64)

    def _read(self, descriptor: int, child: Child) -> bool:
        """Return whether there may be more to read later."""
        while True:
            try:
                data = os.read(descriptor, 65_536)
            except BlockingIOError:
                return True
            if not data:
                return False
            self._output.feed(child.name, data)

    def _stop_all(self) -> None:
        self._output.say("Stopping …")
        told = len(self._signals)
        self._stop(self._children, told)
        if self._foundation:
            self._stop([self._foundation], told)
        self._output.say("Stopped.")

    def _stop(self, children: Sequence[Child], told: int) -> None:
        """Ask the children to end, wait, and kill what is left; a second signal ends the wait."""
        running = [child for child in children if child.process]
        for child in running:
            if child.process:
                child.process.terminate()
        end = time.monotonic() + _STOP_SECONDS
        while any(child.process and child.process.poll() is None for child in running):
            if time.monotonic() > end or len(self._signals) > told:
                break
            self._drain(0.05)
        for child in running:
            self._bury(child)


def _how(code: int) -> str:
    if code < 0:
        with suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
