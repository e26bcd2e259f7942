#!/usr/bin/env python3
"""Makes a result of the raw files that run.sh leaves, or draws one again: report.py RAW_FOLDER|RESULT.json PREFIX

  PREFIX.json          every run: figures of the generator, what gateway and Redis counted, and the machine
  PREFIX.md            tables, and the targets with what was measured
  PREFIX-cpu.svg       CPU time per request
  PREFIX-latency.svg   latency at the fixed rate

Standard library only.
"""

import json
import pathlib
import re
import sys

import plots
import targets
from figures import Result

FIGURES = "started_unix", "requests", "requests_per_second", "latency_us", "cpu"
OVERHEAD = re.compile(r'^sessiongate_overhead_seconds_bucket\{.*le="([^"]+)"\} (\d+)', re.M)
COMMANDS = re.compile(r"^total_(commands)_processed:(\d+)", re.M)
VERSIONS = "sessiongate", "nginx", "nginx-lua", "haproxy", "redis"


def collect(folder):
    """Everything that is kept of a measurement."""
    about = dict(line.split("\t", 1) for line in (folder / "about.tsv").read_text().splitlines())
    runs = []
    for path in folder.glob("*.json"):
        number, peer, scenario, pace = path.stem.split(".")
        load = json.loads(path.read_text())
        counted = [path.with_suffix(suffix).read_text() for suffix in (".before", ".after")]
        run = {"round": int(number), "peer": peer, "scenario": scenario, "pace": pace}
        run |= {name: load[name] for name in FIGURES}
        # The counters were read around the warm-up too.
        share = float(about["seconds"]) / (float(about["seconds"]) + float(about["warmup"]))
        commands = grown(COMMANDS, *counted)["commands"] * share / load["requests"]
        run |= {"redis_commands_per_request": round(commands, 3), "overhead": grown(OVERHEAD, *counted)}
        runs.append(run)
    runs.sort(key=lambda run: (run["started_unix"], run["pace"]))
    return {"about": about, "runs": runs}


def grown(pattern, before, after):
    """By how much counters grew, by the first group of the pattern."""
    growth = {}
    for text, sign in ((before, -1), (after, 1)):
        for name, value in pattern.findall(text):
            growth[name] = growth.get(name, 0) + sign * int(value)
    return growth


def table(head, lines):
    return ["", "| " + " | ".join(head) + " |", "|" + "---|" * 2 + "--:|" * (len(head) - 2)] + [
        "| " + " | ".join(line) + " |" for line in lines
    ]


def times(ratio):
    return f"{ratio:.2f}" if ratio else "–"


def flat_out(result):
    bare, stock = (result.row("closed", peer, "pass") for peer in ("bare", "bare-stock"))
    for row in result.rows("closed"):
        low, high = row.extent(*targets.CPU)
        user, system = (row.median("cpu", "peer", f"{part}_us_per_request") for part in ("user", "system"))
        yield (
            row.peer,
            row.scenario,
            f"{row.median('requests_per_second'):.0f}",
            f"**{row.median(*targets.CPU):.1f}** ({low:.1f}–{high:.1f})",
            f"{user:.1f} / {system:.1f}",
            times(row.ratio(bare, *targets.CPU)),
            times(row.ratio(stock, *targets.CPU)),
            f"{row.median('redis_commands_per_request'):.2f}",
            f"{row.median('cpu', 'redis', 'us_per_request'):.1f}",
            f"{row.median('cpu', 'peer', 'cores'):.0%}",
            f"{row.median('cpu', 'peer', 'rss_bytes') / 2**20:.0f}",
        )


def fixed_rate(result):
    bare = result.row("open", "bare", "pass")
    for row in result.rows("open"):
        yield (
            row.peer,
            row.scenario,
            *(f"{row.median('latency_us', quantile):.0f}" for quantile in ("p50", "p99", "p999")),
            times(row.ratio(bare, *targets.P99)),
            *(targets.between(bucket) if bucket else "–" for bucket in map(row.overhead, (0.5, 0.99))),
        )


def markdown(result):
    about = result.about
    lines = [
        f"{about['date'][:10]}, commit {about['commit']}. {about['processor']}, {about['cores']} cores, {about['machine']};"
        f" load {about['load']} before. Medians of {about['rounds']} rounds of {about['seconds']} s,"
        f" {about['connections']} connections. Every answer was checked.",
        "",
        "Flat out; ratios are of CPU per request, to bare Pingora in the same round:",
    ]
    lines += table(
        ("peer", "scenario", "req/s", "CPU µs/request (min–max)", "user / system", "× bare", "× bare-stock")
        + ("Redis commands/request", "Redis CPU µs/request", "of its core", "RSS MiB"),
        flat_out(result),
    )
    lines += ["", f"Open loop, {about['rate']} requests/s at random; µs from when a request was due:"]
    lines += table(
        ("peer", "scenario", "p50", "p99", "p99.9", "p99 × bare", "own overhead p50", "own overhead p99"), fixed_rate(result)
    )
    lines += ["", "| build | target | measured | met |", "|---|---|--:|---|"]
    lines += [f"| {' | '.join(judged)} |" for judged in targets.judge(result)]
    lines += ["", "; ".join([f"Pingora {about['pingora']}", *(about[name] for name in VERSIONS)]) + "."]
    return "\n".join(lines) + "\n"


def main():
    source, prefix = map(pathlib.Path, sys.argv[1:])
    content = collect(source) if source.is_dir() else json.loads(source.read_text())
    result = Result(content)
    output = {
        ".json": json.dumps(content, indent=1) + "\n",
        ".md": markdown(result),
        "-cpu.svg": plots.cpu(result),
        "-latency.svg": plots.latency(result),
    }
    for ending, text in output.items():
        prefix.with_name(prefix.name + ending).write_text(text)


if __name__ == "__main__":
    main()
