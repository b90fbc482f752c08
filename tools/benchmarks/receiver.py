"""The receiver against a bare Boost.Beast server."""
import json
import os
import secrets
import statistics
import subprocess

from benchmarks.common import (
    BIN, REACHED, ROOT, STATE, Bench, Failure, allocator, build, configuration, cpu_seconds, machine, pinned, say,
    split_cores)

CONNECTIONS = 128
TARGET_RATIO = 2.0
TARGET_P99_MS = 10.0


def load(directory, port, path, seconds, token, cores, *more):
    result = directory / "load.json"
    command = [BIN / "hirewire-loadgen", "--url", f"http://127.0.0.1:{port}{path}", "--duration", seconds,
               "--connections", CONNECTIONS, "--opportunities", 100_000, "--json", result, *more]
    done = subprocess.run(pinned(command, cores), capture_output=True, text=True,
                          env={**os.environ, "LEVER_SIGNATURE_TOKENS": token})
    if done.returncode != 0:
        raise Failure(f"the load generator failed: {done.stdout}{done.stderr}")
    outcome = json.loads(result.read_text())
    refused = {s: n for s, n in outcome["statuses"].items() if s != "200"}
    if refused or outcome["unanswered"]:
        raise Failure(f"not every request was accepted: {refused}, {outcome['unanswered']} unanswered")
    return outcome


def measured(process, *arguments):
    before = cpu_seconds(process)
    outcome = load(*arguments)
    used = cpu_seconds(process) - before
    return {"rate": outcome["rate"], "cpu_seconds_per_1000": 1000 * used / outcome["answered"],
            "answered": outcome["answered"], "p99_ms": outcome["latency_ms"]["p99"]}


def bench_receiver(options):
    build(["receiver", "devbroker", "loadgen", "bench-bare", "cli"])
    directory = STATE / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    cores = split_cores()
    bench = Bench(directory, cores)
    token = secrets.token_hex(24)
    try:
        say("starting redis-server, the broker, the bare server and the receiver")
        redis_port = bench.start_redis()
        brokers, broker_name = bench.start_broker(options.kafka)
        file = configuration(directory, brokers, redis_port, "[receiver]\nport = 0\nthreads = 1")
        bare, bare_port = bench.start_bare(cores[0])
        receiver = bench.start("receiver", [BIN / "hirewire-receiver", "--config", file], cores[0],
                               {"LEVER_SIGNATURE_TOKENS": token})
        receiver_port = bench.await_started("receiver", receiver)["port"]
        path = "/webhooks/lever"
        servers = {"bare": (bare, bare_port), "receiver": (receiver, receiver_port)}

        say("warming up")
        for process, port in servers.values():
            load(directory, port, path, 2, token, cores[1])
        pairs = []
        for number in range(options.pairs):
            pair = {}
            for name, (process, port) in servers.items():
                pair[name] = measured(process, directory, port, path, options.seconds, token, cores[1])
            pair["cpu_ratio"] = pair["receiver"]["cpu_seconds_per_1000"] / pair["bare"]["cpu_seconds_per_1000"]
            pairs.append(pair)
            say(f"pair {number + 1} of {options.pairs}: bare {pair['bare']['rate']:,.0f}/s, "
                f"receiver {pair['receiver']['rate']:,.0f}/s, CPU ratio {pair['cpu_ratio']:.2f}")
        half = max(p["receiver"]["rate"] for p in pairs) / 2
        say(f"open loop at half of the receiver's highest rate: {half:,.0f}/s")
        open_loop = load(directory, receiver_port, path, options.seconds, token, cores[1], "--rate", f"{half:.0f}")
        result = summary(pairs, half, open_loop, broker_name)
        result["allocator"] = {"bare": allocator(bare), "receiver": allocator(receiver)}
    finally:
        bench.end()
    result["machine"] = machine()
    result["setup"] = {"connections": CONNECTIONS, "threads": 1, "pairs": options.pairs, "seconds": options.seconds,
                       "server_cores": cores[0] or "not pinned", "other_cores": cores[1] or "not pinned"}
    (directory / "receiver.json").write_text(json.dumps(result, indent=2) + "\n")
    print_receiver(result, directory / "receiver.json")


def summary(pairs, half, open_loop, broker_name):
    def median(name, key):
        return statistics.median(p[name][key] for p in pairs)

    ratios = [p["cpu_ratio"] for p in pairs]
    return {
        "broker": broker_name,
        "median": {name: {key: median(name, key) for key in ("rate", "cpu_seconds_per_1000")}
                   for name in ("bare", "receiver")},
        "cpu_ratio": {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)},
        "half_load": {"intended_rate": half, "rate": open_loop["rate"], **open_loop["latency_ms"]},
        "targets": {"cpu_ratio": TARGET_RATIO, "p99_ms": TARGET_P99_MS},
        "pairs": pairs,
    }


def print_receiver(result, file):
    bare, receiver = result["median"]["bare"], result["median"]["receiver"]
    ratio, half, host = result["cpu_ratio"], result["half_load"], result["machine"]
    print(f"""
  {host['cpu']}, {host['cores']} cores, Linux {host['kernel']}, {host['compiler']} {host['flags']}
  broker: {result['broker']}; allocator: bare {result['allocator']['bare']}, receiver {result['allocator']['receiver']}

  {CONNECTIONS} connections, closed loop    {'bare Beast':>12}  {'receiver':>12}
  requests a second (median)      {bare['rate']:>12,.0f}  {receiver['rate']:>12,.0f}
  CPU seconds per 1,000 (median)  {bare['cpu_seconds_per_1000']:>12.4f}  {receiver['cpu_seconds_per_1000']:>12.4f}

  CPU ratio {ratio['median']:.2f} (min {ratio['min']:.2f}, max {ratio['max']:.2f}); to reach: at most \
{TARGET_RATIO}: {REACHED[ratio['median'] <= TARGET_RATIO]}
  receiver at {half['intended_rate']:,.0f}/s (half load, open loop): p50 {half['p50']:.2f} ms, p99 {half['p99']:.2f} ms, \
max {half['max']:.2f} ms; to reach: p99 under {TARGET_P99_MS:.0f} ms: {REACHED[half['p99'] < TARGET_P99_MS]}

  {file.relative_to(ROOT)}""")
