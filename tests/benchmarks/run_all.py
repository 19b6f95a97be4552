"""Run every benchmark, then print the table. On two quiet cores 15 minutes."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import table
import tyro

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Options:
    """Run every benchmark one after the other; results.csv is written as they end."""

    peers: Path | None = None  # folder with clones of the peers, see peers.py; else ours alone
    data: str = ""  # an archive of photos; without it, what needs photos is left out
    count: int = 3_000  # pictures to judge
    threads: int = 0  # cores; 0 takes every one
    only: tuple[str, ...] = ()  # names of benchmarks; default: all


def commands(options: Options) -> dict[str, list[str]]:
    """Benchmark to its flags."""
    peers = ["--peers", str(options.peers.absolute())] if options.peers else []
    found: dict[str, list[str]] = {"dcgan_step": peers, "cgan_step": peers}
    if options.data:
        data = ["--data", str(Path(options.data).absolute())]
        found |= {
            "data_handling": data,
            "decoding": data,
            "evaluation": [*data, "--count", str(options.count)],
            "half_ceiling": data,
        }
    return found | {"app": [], "app_goals": [], "growth": [], "two_processes": []}


def main(options: Options) -> int:
    """How many benchmarks failed."""
    failed = 0
    for name, flags in commands(options).items():
        if options.only and name not in options.only:
            continue
        start = time.monotonic()
        command = [sys.executable, str(HERE / f"{name}.py"), *flags]
        done = subprocess.run([*command, "--threads", str(options.threads)], check=False)
        failed += done.returncode != 0
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    print(table.markdown())
    return failed


if __name__ == "__main__":
    sys.exit(main(tyro.cli(Options)))
