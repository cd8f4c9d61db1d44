"""What the fault tests found out, as a table: `make faults` writes it to var/faults/."""

import os
import platform
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

# How many minutes there are for what can go on as long as one likes; 0 in CI.
MINUTES = float(os.environ.get("FAULTS_MINUTES") or 0)
SEED = int(os.environ.get("FAULTS_SEED") or SystemRandom().randrange(1_000_000))

long = pytest.mark.skipif(not MINUTES, reason="a part of `make faults`, which sets FAULTS_MINUTES")


def chance() -> Random:
    """Return chance of its own; the same FAULTS_SEED throws the same dice."""
    return Random(SEED)


@dataclass
class Results:
    """Rows of the table, in the order in which they came."""

    rows: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def note(self, row: str, fault: str, **figures: Any) -> None:
        """Write down what a fault led to; `row` is that of the fault matrix."""
        self.rows.append((row, fault, figures))
        self.write()  # what was found before a run was broken off is not lost

    def write(self) -> None:
        """Write the table to the folder that FAULTS_RESULTS names, if it names one."""
        folder = os.environ.get("FAULTS_RESULTS")
        if not folder or not self.rows:
            return
        target = settings.BASE_DIR / folder / f"{connection.vendor}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(self.lines()) + "\n", encoding="utf-8")

    def say_where(self) -> None:
        """Tell whoever runs it where the table is."""
        if folder := os.environ.get("FAULTS_RESULTS"):
            print(f"\nresults: {Path(folder) / connection.vendor}.md")  # noqa: T201

    def lines(self) -> list[str]:
        """Return the table in Markdown."""
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
        ).stdout.strip()  # fmt: skip
        head = (
            f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit or 'unknown'}, "
            f"{connection.vendor}, {os.cpu_count()} cores, Python {platform.python_version()}, "
            f"{MINUTES:g} minutes, seed {SEED}"
        )
        table = [head, "", "| row | fault | figures |", "|---|---|---|"]
        for row, fault, figures in self.rows:
            told = ", ".join(f"{name} {value}" for name, value in figures.items())
            table.append(f"| {row} | {fault} | {told} |")
        return table
