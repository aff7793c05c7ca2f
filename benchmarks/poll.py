"""This program and the feed readers that are installed, on the same feeds, in one run: cold, unchanged, a tenth changed.

    python benchmarks/poll.py [--feeds 1000] [--peers newsboat reader] [--port 8098]

Needs the peers' harness (by default `../shared/peers` beside this checkout, set up by its setup.sh):
its nginx serves generated feeds of 30 entries and 42 KB; port 8098 answers 100 ms late. Each phase is a
process of its own, start-up included. Ours fetches, parses, normalises, annotates, stores and indexes.
"""

import argparse
import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

HOME = Path(__file__).resolve().parent.parent
ROUNDS = ("cold", "unchanged", "a tenth changed")


class Ours:
    """How the harness runs this program."""

    PHASES = ("cold", "warm", "round2")

    def setup(self, folder: Path, urls: Sequence[str]) -> None:
        """Write the configuration."""
        rows = [
            {
                "url": url,
                "outlet": f"Site {n}",
                "language": "zh" if n % 20 == 7 else "en",
                "country": "GB",
                "camp": "western",
            }
            for n, url in enumerate(urls)
        ]
        hosts = sorted({url.split("/")[2] for url in urls})
        network = {"allow": hosts, "per_host": 250, "host_delay_seconds": 0}
        # One server stands for many hosts, so its own limits are those of all. JSON is YAML.
        (folder / "feeds.yaml").write_text(json.dumps({"feeds": rows, "network": network}))

    def cmd(self, folder: Path, phase: str) -> list[str]:
        """The command of a phase."""
        program = Path(sys.executable).with_name("aggregator")
        return [str(program), "poll", "--no-stories", "--json", "--config", str(folder / "feeds.yaml")]


def run(peer: Any, name: str, harness: ModuleType, work: Path, urls: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Figures of each phase of one program."""
    folder = work / "run" / f"poll-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    serve(harness, "1")
    peer.setup(folder, list(urls))
    phases = getattr(peer, "PHASES", Ours.PHASES)
    figures = {}
    for phase in phases:
        if phase == "round2":
            serve(harness, "2")
        environment = peer.env(folder) if hasattr(peer, "env") else None
        figures[phase] = harness.run(
            peer.cmd(folder, phase), env=environment, out=str(work / f"poll-{name}-{phase}.log")
        )
        if figures[phase]["rc"]:
            raise SystemExit(
                f"{name}, {phase}: exit code {figures[phase]['rc']}; see {work / f'poll-{name}-{phase}.log'}"
            )
    serve(harness, "1")
    # newsboat sends its first conditional requests in the third round.
    return {"cold": figures["cold"], "unchanged": figures[phases[-2]], "a tenth changed": figures["round2"]}


def serve(harness: ModuleType, number: str) -> None:
    """Show the feeds of a round."""
    server = Path(str(harness.__file__)).with_name("feedserver.py")
    subprocess.run([sys.executable, str(server), "round", number], check=True)


def table(results: dict[str, dict[str, dict[str, Any]]], feeds: int) -> str:
    """Markdown: a row per round and program, with our speed as a multiple of its."""
    lines = ["| round | program | wall s | feeds/s | CPU s | peak MB | ours is |", "|---|---|---|---|---|---|---|"]
    for phase in ROUNDS:
        ours = results["aggregator"][phase]["wall"]
        for name, figures in results.items():
            one = figures[phase]
            times = f"{one['wall'] / ours:.1f}×" if name != "aggregator" else ""
            lines.append(
                f"| {phase} | {name} | {one['wall']:.2f} | {feeds / one['wall']:.0f} | {one['cpu']:.2f} "
                f"| {one['peak_mb']:.0f} | {times} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--peers", nargs="*", default=["newsboat", "reader"])
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--harness", type=Path, default=HOME.parent / "shared" / "peers")
    options = parser.parse_args()
    if not options.harness.is_dir():
        raise SystemExit(f"the peers' harness is not at {options.harness}; name its folder with --harness")
    sys.path.insert(0, str(options.harness))
    harness, paths = importlib.import_module("measure"), importlib.import_module("paths")
    if not (paths.WORK / "www" / "round1" / "feed" / f"{options.feeds - 1}.xml").is_file():
        raise SystemExit(
            f"make the feeds first: python {options.harness / 'gen.py'} {options.feeds}, then feedserver.py start"
        )
    urls = [f"http://127.0.0.1:{options.port}/feed/{n}.xml" for n in range(options.feeds)]
    programs: dict[str, Any] = {"aggregator": Ours()}
    programs |= {name: importlib.import_module(f"runners.{name}_peer") for name in options.peers}
    results = {name: run(peer, name, harness, paths.WORK, urls) for name, peer in programs.items()}
    print(table(results, options.feeds))


if __name__ == "__main__":
    main()
