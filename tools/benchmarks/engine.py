"""The sync engine: keys, calls, poison, and a backlog."""
import json
import subprocess

from benchmarks.common import (
    BIN, REACHED, ROOT, STATE, Bench, Clara, Failure, add_medians, allocator, build, configuration, machine,
    measured_by, say, split_cores)

TARGET_RATIO = 2.0
TARGET_POISON_RATIO = 1.1
TARGET_MIB = 96
TARGET_FLATNESS = 0.9


def between(samples, low, high):
    """Rate, CPU a change and the share of time that was stolen, while so many changes were decided."""
    span = [s for s in samples if low <= s["decided"] <= high]
    if len(span) < 2 or span[-1]["decided"] == span[0]["decided"]:
        raise Failure("too few changes to tell the rate of each tenth of them")
    grown = {key: span[-1][key] - span[0][key] for key in ("decided", "at", "cpu_seconds", "stolen_seconds")}
    return {"rate": grown["decided"] / grown["at"], "cpu_us": 1e6 * grown["cpu_seconds"] / grown["decided"],
            "stolen": grown["stolen_seconds"] / grown["at"], "rss_mib": max(s["rss_mib"] for s in span)}


def measure_backlog(bench, bare_port, options):
    redis_port = bench.start_redis()
    brokers, broker_name = bench.start_broker(True)
    file = configuration(bench.directory, brokers, redis_port, f'[clara]\nbase_url = "http://127.0.0.1:{bare_port}"')

    def write(changes, opportunities):
        command = [BIN / "hirewire-bench-backlog", "--brokers", brokers, "--changes", changes,
                   "--opportunities", opportunities]
        if subprocess.run([str(c) for c in command]).returncode != 0:
            raise Failure("the backlog was not written: see above")

    # What is there before a group has its place in each partition may be history to it, and no backlog.
    say("starting sync-clara for a few changes, and stopping it")
    clara = Clara(bench, file)
    clara.await_ready()
    write(300, 300)
    clara.work_off(300)
    clara.stop()

    say(f"writing {options.changes:,} changes of {options.opportunities:,} opportunities")
    write(options.changes, options.opportunities)
    say("starting sync-clara")
    clara = Clara(bench, file)
    samples = clara.work_off(options.changes)

    # Without the start, and without the idle rest of the half second in which the last one was decided.
    busy = [s for s in samples if 0 < s["decided"] < options.changes]
    tenths = []
    for i in range(10):
        low, high = options.changes * i / 10, options.changes * (i + 1) / 10
        tenths.append(between(busy, low, high))
    return {"broker": broker_name, "allocator": allocator(clara.process), "changes": options.changes,
            "opportunities": options.opportunities, "outcomes": clara.outcomes(), "requests": clara.requests(),
            "rate": between(busy, 0, options.changes)["rate"], "last_to_first": tenths[-1]["rate"] / tenths[0]["rate"],
            "peak_mib": clara.memory_mib("VmHWM"), "tenths": tenths,
            "cpu_us_per_change": 1e6 * samples[-1]["cpu_seconds"] / options.changes}


def bench_engine(options):
    build(["bench-engine", "bench-calls", "bench-poison", "bench-bare",
           *(["bench-backlog", "sync-clara", "cli"] if options.kafka else [])])
    directory = STATE / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "engine.json"
    cores = split_cores()
    bench = Bench(directory, cores)
    try:
        say("keys, about two minutes")
        result = measured_by("bench-engine", directory, "")
        say("calls")
        bare_port = bench.start_bare(cores[1])[1]
        calls = measured_by("bench-calls", directory, cores[0], "--server", f"http://127.0.0.1:{bare_port}")
        result["calls"] = add_medians(calls, "engine", "bare", "cpu_us")
        say("poison, about two minutes")
        poison = measured_by("bench-poison", directory, "")
        result["poison"] = add_medians(poison, "poisoned", "clean", "p99_ms")
        if options.kafka:
            result["backlog"] = measure_backlog(bench, bare_port, options)
            # A line for each attempt.
            (directory / "sync-clara.log").unlink()
    finally:
        bench.end()
    result["machine"] = machine()
    result["targets"] = {"cpu_ratio": TARGET_RATIO, "poison_ratio": TARGET_POISON_RATIO, "peak_mib": TARGET_MIB,
                         "last_to_first": TARGET_FLATNESS}
    file.write_text(json.dumps(result, indent=2) + "\n")
    print_engine(result, file)


def print_engine(result, file):
    serial = result["serial_ms"] / 1000
    few = max(r["ms"] for r in result["keys"] if r["slots"] == 16 and r["keys"] >= 20) / 1000
    one = max(r["ms"] for r in result["keys"] if r["keys"] == 1) / 1000
    share = result["slow"]["ideal_ms"] / result["slow"]["ms"]
    calls, poison = result["calls"], result["poison"]
    engine, bare, cpu = calls["median"]["engine"], calls["median"]["bare"], calls["ratio"]
    clean, poisoned, p99 = poison["median"]["clean"], poison["median"]["poisoned"], poison["ratio"]
    host = result["machine"]
    print(f"""
  {host['cpu']}, {host['cores']} cores, Linux {host['kernel']}, {host['compiler']} {host['flags']}

  16 slots, from 20 keys up: {few:.2f} s at most; to reach: under 2.0 s: {REACHED[few < 2.0]}
  one key: {one:.2f} s, one after the other without an engine {serial:.2f} s, {100 * (one / serial - 1):.1f} % over; \
to reach: at most 5 %: {REACHED[one <= 1.05 * serial]}
  50 ms, 1,000 keys, 256 slots: {100 * share:.1f} % of slots / latency; to reach: at least 95 %: {REACHED[share >= 0.95]}

  a PUT for each record, 32 at once (medians): engine {engine['rate']:,.0f}/s, {engine['cpu_us']:.1f} us CPU each; \
bare client {bare['rate']:,.0f}/s, {bare['cpu_us']:.1f} us
  CPU ratio {cpu['median']:.2f} (min {cpu['min']:.2f}, max {cpu['max']:.2f}); to reach: at most {TARGET_RATIO}: \
{REACHED[cpu['median'] <= TARGET_RATIO]}

  good records (medians): without poison p50 {clean['p50_ms']:.2f} ms, p99 {clean['p99_ms']:.2f} ms; \
with 1 % poison p50 {poisoned['p50_ms']:.2f} ms, p99 {poisoned['p99_ms']:.2f} ms
  p99 ratio {p99['median']:.3f} (min {p99['min']:.3f}, max {p99['max']:.3f}); to reach: at most {TARGET_POISON_RATIO}: \
{REACHED[p99['median'] <= TARGET_POISON_RATIO]}
""")
    if backlog := result.get("backlog"):
        first, last = backlog["tenths"][0], backlog["tenths"][-1]
        outcomes = ", ".join(f"{name} {n:,}" for name, n in sorted(backlog["outcomes"].items()))
        print(f"""\
  a backlog of {backlog['changes']:,} changes, {backlog['broker']}, {backlog['allocator']}: {backlog['rate']:,.0f}/s, \
{backlog['cpu_us_per_change']:.0f} us CPU each, {backlog['requests']:,} requests ({outcomes})
  memory at its highest {backlog['peak_mib']:.1f} MiB; to reach: under {TARGET_MIB} MiB: \
{REACHED[backlog['peak_mib'] < TARGET_MIB]}
  first tenth {first['rate']:,.0f}/s, last tenth {last['rate']:,.0f}/s, ratio {backlog['last_to_first']:.2f}; to reach: \
at least {TARGET_FLATNESS}: {REACHED[backlog['last_to_first'] >= TARGET_FLATNESS]}
  CPU a change: first tenth {first['cpu_us']:.0f} us, last tenth {last['cpu_us']:.0f} us; other guests of the host took \
{100 * first['stolen']:.0f} % and {100 * last['stolen']:.0f} % of the cores meanwhile
""")
    print(f"  {file.relative_to(ROOT)}")
