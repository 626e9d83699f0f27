"""CPU time of whole processes that take a census, start-up included, beside one that only imports NumPy and SymPy.

``python benchmarks/census.py`` prints seconds and the ratio to that import, the smallest of three runs each.
"""

from __future__ import annotations

import resource
import subprocess
import sys

N_RUNS = 3
IMPORTS = [sys.executable, "-c", "import numpy, sympy"]
COMMANDS = {
    "himmelblau": ["himmelblau"],
    "rastrigin, 529 points": ["rastrigin", "--box=-5,6;-5,6"],
    "goldstein_price": ["goldstein_price"],
    "hartmann6, six variables": ["hartmann6"],
}


def cpu_seconds(command: list[str]) -> float:
    """Give the CPU time of a process, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    base = min(cpu_seconds(IMPORTS) for _ in range(N_RUNS))
    sys.stdout.write(f"{'import numpy, sympy':28} {base:6.2f} s\n")
    for name, arguments in COMMANDS.items():
        command = [sys.executable, "-m", "saddlesim", "classify", *arguments]
        seconds = min(cpu_seconds(command) for _ in range(N_RUNS))
        sys.stdout.write(f"{name:28} {seconds:6.2f} s {seconds / base:6.1f} x\n")


if __name__ == "__main__":
    main()
