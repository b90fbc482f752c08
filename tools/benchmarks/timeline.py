"""hirewire timeline among many outcomes."""
import json
import statistics
import subprocess
import time

from benchmarks.common import BIN, REACHED, STATE, Bench, Failure, build, machine, say

TARGET_SECONDS = 2.0


def bench_timeline(options):
    build(["bench-outcomes", "devbroker", "cli"])
    directory = STATE / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    bench = Bench(directory, ("", ""))
    outcomes = options.outcomes // 10 if options.embedded else options.outcomes
    try:
        say("starting the broker")
        brokers, broker_name = bench.start_broker(not options.embedded, partitions=12)
        say(f"writing {outcomes:,} outcomes")
        written = subprocess.run(
            [BIN / "hirewire-bench-outcomes", "--brokers", brokers, "--outcomes", str(outcomes), "--opportunities",
             str(max(1, outcomes // 10))], capture_output=True, text=True)
        if written.returncode != 0:
            raise Failure(f"the outcomes were not written: {written.stderr}")
        opportunity = written.stdout.strip()
        seconds, found = [], 0
        for _ in range(options.runs):
            before = time.monotonic()
            shown = subprocess.run([BIN / "hirewire", "timeline", opportunity, "--brokers", brokers, "--json"],
                                   capture_output=True, text=True)
            seconds.append(time.monotonic() - before)
            if shown.returncode != 0:
                raise Failure(f"hirewire timeline failed: {shown.stderr}")
            found = len(json.loads(shown.stdout)["moments"])
    finally:
        bench.end()
    if found != min(10, outcomes):
        raise Failure(f"hirewire timeline found {found} moments, not 10")
    result = {"broker": broker_name, "outcomes": outcomes, "moments": found, "seconds": seconds,
              "median_seconds": statistics.median(seconds), "target_seconds": TARGET_SECONDS, "machine": machine()}
    file = STATE / "bench" / "timeline.json"
    file.write_text(json.dumps(result, indent=2) + "\n")
    print(f"""
  hirewire timeline among {outcomes:,} outcomes, {broker_name}: median {result['median_seconds']:.2f} s of {len(seconds)} runs, \
max {max(seconds):.2f} s; to reach: under {TARGET_SECONDS:.0f} s: {REACHED[result['median_seconds'] < TARGET_SECONDS]}

  .hirewire/bench/timeline.json
""")
