"""A replay's calls, what live traffic feels of it, and the memory that many dead letters take."""
import json
import os
import re
import statistics
import subprocess
import time
from pathlib import Path

from benchmarks.common import (
    BIN, REACHED, STATE, Bench, Clara, Failure, Lever, build, configuration, free_port, machine,
    one_secret_for_all, say)

TARGET_CALLS = 1.05
TARGET_P99_RATIO = 1.5
TARGET_MEMORY_RATIO = 2.0
FEW_LETTERS = 1_000
WARM_UP = 300
STAGES = ("Recruiter screen", "On-site interview")
MOVES_A_SECOND = 20
# Replayed as fast as the destination takes them, it outlasts the moves.
BULK = 20_000
# What a replay keeps to when nothing else is said, which the target is for, and as fast as it can.
USUAL_RATE = "50/s"
RATES = (USUAL_RATE, "100000/s")
# What a destination over a network takes to answer.
ANSWER_MS = 20


class Installation:
    """Redis, a real Kafka, the sandbox and the services that carry a change from Lever to CLARA."""

    def __init__(self, bench):
        self.bench = bench
        self.environment = one_secret_for_all()
        redis_port = bench.start_redis()
        self.brokers, self.broker_name = bench.start_broker(True, partitions=12)
        receiver_port = free_port()
        ports = bench.start_sandbox(receiver_port, self.environment, "--no-rate-limit")
        self.lever = Lever(ports["lever_port"])
        self.file = configuration(bench.directory, self.brokers, redis_port, f"""[receiver]
port = {receiver_port}
admin_port = 0
[lever]
base_url = "http://127.0.0.1:{ports["lever_port"]}/v1"
requests_per_second = 1000
burst = 1000
[lever-source]
port = 0
admin_port = 0
[clara]
base_url = "http://127.0.0.1:{ports["destinations_port"]}/clara\"""")
        for name in ("receiver", "lever-source"):
            service = bench.start(name, [BIN / f"hirewire-{name}", "--config", self.file], "", self.environment)
            bench.await_started(name, service)
        self.clara = Clara(bench, self.file, self.environment["CLARA_TOKEN"])
        self.clara.await_ready()
        # What is there before a group has its place in each partition is history to it, told by its latest state.
        self.work_off(WARM_UP, WARM_UP)

    def start(self, *arguments):
        return subprocess.Popen([BIN / "hirewire", *arguments, "--config", self.file, "--json"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**os.environ, **self.environment})

    def hirewire(self, *arguments):
        """What it prints as JSON, and the most memory that it took, in MiB."""
        process = self.start(*arguments)
        # Not from getrusage(), which counts what this process took before it became hirewire.
        most = 0
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            found = re.search(r"^Name:\s+hirewire\n(?:.*\n)*VmHWM:\s+(\d+) kB", status.read_text(), re.M)
            most = max(most, int(found.group(1)) if found else 0)
            time.sleep(0.01)
        output, said = process.communicate()
        if process.returncode != 0:
            raise Failure(f"hirewire {' '.join(arguments)} failed: {said}")
        return json.loads(output.splitlines()[-1]), most / 1024

    def write(self, changes, opportunities):
        done = subprocess.run([BIN / "hirewire-bench-backlog", "--brokers", self.brokers, "--changes", str(changes),
                               "--opportunities", str(opportunities)])
        if done.returncode != 0:
            raise Failure("the changes were not written: see above")

    def work_off(self, changes, opportunities):
        before = self.clara.decided()
        self.write(changes, opportunities)
        self.clara.work_off(before + changes)

    def lose_state(self):
        self.lever.request("DELETE", "/_sandbox/clara/state")

    def sent_since(self, at_ms):
        return [r for r in self.lever.request("GET", "/_sandbox/clara/requests") if r["at"] >= at_ms]


def now_ms():
    return int(time.time() * 1000)


def measure_calls(the, options):
    say(f"{options.changes:,} changes of {options.opportunities:,} opportunities")
    the.work_off(options.changes, options.opportunities)
    say("a replay of all of them to a destination that has them")
    began = now_ms()
    plain, _ = the.hirewire("replay", "start", "--to", "clara", "--rate", "2000/s")
    plain_calls = len(the.sent_since(began))
    say("a forced replay of all of them to a destination that has lost them")
    the.lose_state()
    began = now_ms()
    forced, _ = the.hirewire("replay", "start", "--to", "clara", "--force", "--yes", "--rate", "2000/s")
    calls = len(the.sent_since(began))
    resources = len(the.lever.request("GET", "/_sandbox/clara/state"))
    for report in (plain, forced):
        if report["state"] != "finished":
            raise Failure(f"a replay did not finish: {report}")
    if resources != options.opportunities + WARM_UP:
        raise Failure(f"the destination has {resources - WARM_UP} of {options.opportunities} resources after the replay")
    if calls != forced["counts"]["calls"]:
        raise Failure(f"{calls} calls arrived and {forced['counts']['calls']} were reported: the sandbox keeps 50,000")
    return {"changes": options.changes + WARM_UP, "resources": resources, "found": forced["counts"]["found"],
            "calls": calls, "ratio": calls / resources,
            "plain_calls": plain_calls}


def move(the, people, stage):
    """Moves each, evenly spread over time; answers when each was moved."""
    moved, begin = {}, time.monotonic()
    for number, one in enumerate(people):
        time.sleep(max(0.0, begin + number / MOVES_A_SECOND - time.monotonic()))
        moved[one] = the.lever.control(f"/opportunities/{one}/stage", {"stage": stage})["at"]
    return moved


def latencies(the, people, stage):
    """Milliseconds from Lever to CLARA, of each."""
    moved = move(the, people, stage)
    end = time.monotonic() + 60
    while True:
        took = {}
        for request in the.sent_since(min(moved.values())):
            one = request["path"].split("/")[-2]
            if one in moved and '"backfill":false' in request["body"] and request["at"] >= moved[one]:
                took.setdefault(one, request["at"] - moved[one])
        if len(took) == len(moved):
            return sorted(took.values())
        if time.monotonic() > end:
            raise Failure(f"{len(moved) - len(took)} of {len(moved)} changes have not arrived after a minute")
        time.sleep(0.3)


def p(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def during_replay(the, people, rate):
    """Latencies while a replay at most so fast is under way; it is cancelled afterwards."""
    began = now_ms()
    looking_on = the.start("replay", "start", "--to", "clara", "--force", "--yes", "--rate", rate)
    while not the.sent_since(began):
        if looking_on.poll() is not None:
            raise Failure(f"the replay ended at once: {looking_on.communicate()[1]}")
        time.sleep(0.1)
    took = latencies(the, people, STAGES[1])
    if looking_on.poll() is not None:
        raise Failure("the replay was over before the last change: lower --movers")
    the.hirewire("replay", "cancel")
    looking_on.communicate()
    return took


def measure_live(the, options):
    say(f"{options.movers} people, moved alone and during a replay of {BULK:,} opportunities in turn")
    the.work_off(BULK, BULK)
    people = [the.lever.control("/opportunities", {})["id"] for _ in range(options.movers)]
    latencies(the, people, "offer")
    the.lever.control("/clara/faults", {"latency_ms": ANSWER_MS})
    pairs = {rate: [] for rate in RATES}
    for number in range(options.pairs):
        for rate, some in pairs.items():
            alone = latencies(the, people, STAGES[0])
            beside = during_replay(the, people, rate)
            pair = {"alone": {"p50_ms": p(alone, 0.5), "p99_ms": p(alone, 0.99)},
                    "beside": {"p50_ms": p(beside, 0.5), "p99_ms": p(beside, 0.99)}}
            pair["ratio"] = pair["beside"]["p99_ms"] / max(1, pair["alone"]["p99_ms"])
            some.append(pair)
            say(f"pair {number + 1} of {options.pairs} at {rate}: p99 alone {pair['alone']['p99_ms']} ms, during a replay "
                f"{pair['beside']['p99_ms']} ms")
    the.lever.request("DELETE", "/_sandbox/clara/faults")
    return {"movers": options.movers,
            "rates": {rate: {"pairs": some, "ratio": statistics.median(pair["ratio"] for pair in some)}
                      for rate, some in pairs.items()}}


def let_die(the, count):
    the.lever.control("/clara/faults", {"status": 422})
    the.work_off(count, count)
    the.lever.request("DELETE", "/_sandbox/clara/faults")


def redrive(the, count):
    """Lists and redrives as many as died; what it took."""
    listed, list_mib = the.hirewire("dlq", "list", "--dest", "clara")
    if listed["count"] != count:
        raise Failure(f"hirewire dlq list counts {listed['count']} dead letters, not {count}")
    before, requests, began = the.clara.outcomes(), the.clara.requests(), time.monotonic()
    redriven, redrive_mib = the.hirewire("dlq", "redrive", "--dest", "clara", "--all", "--yes", "--rate", "100000/s")
    seconds = time.monotonic() - began
    if redriven["redriven"] != count:
        raise Failure(f"hirewire dlq redrive took {redriven['redriven']} dead letters, not {count}")
    end = time.monotonic() + 300
    while the.clara.outcomes().get("applied", 0) < before.get("applied", 0) + count:
        if time.monotonic() > end:
            raise Failure(f"not all that was redriven was applied: {before}, {the.clara.outcomes()}")
        time.sleep(0.5)
    left = the.hirewire("dlq", "list", "--dest", "clara")[0]["count"]
    calls = the.clara.requests() - requests
    if left != 0 or calls != count:
        raise Failure(f"{left} dead letters are left, and {calls} calls were made for {count}")
    return {"letters": count, "list_mib": list_mib, "redrive_mib": redrive_mib, "redrive_seconds": seconds,
            "calls": calls}


def measure_letters(the, options):
    result = {}
    for name, count in (("few", FEW_LETTERS), ("many", options.letters)):
        say(f"{count:,} dead letters: listed, and redriven once their cause is mended")
        let_die(the, count)
        result[name] = redrive(the, count)
    few, many = result["few"], result["many"]
    result["ratio"] = max(many["list_mib"] / few["list_mib"], many["redrive_mib"] / few["redrive_mib"])
    return result


def bench_replay(options):
    build(["receiver", "lever-source", "sync-clara", "sandbox", "bench-backlog", "cli"])
    directory = STATE / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    bench = Bench(directory, ("", ""))
    try:
        say("starting redis-server, Kafka, the sandbox, the receiver, lever-source and sync-clara")
        the = Installation(bench)
        result = {"broker": the.broker_name, "calls": measure_calls(the, options), "live": measure_live(the, options),
                  "letters": measure_letters(the, options)}
    finally:
        bench.end()
    (directory / "sync-clara.log").unlink(missing_ok=True)  # a line for each attempt
    result["machine"] = machine()
    result["targets"] = {"calls": TARGET_CALLS, "p99_ratio": TARGET_P99_RATIO, "memory_ratio": TARGET_MEMORY_RATIO}
    file = directory / "replay.json"
    file.write_text(json.dumps(result, indent=2) + "\n")
    print_replay(result)


def print_replay(result):
    calls, live, letters = result["calls"], result["live"], result["letters"]
    few, many = letters["few"], letters["many"]
    print(f"""
  {result['broker']}

  {calls['changes']:,} changes of {calls['resources']:,} opportunities, replayed to a destination that has lost them: \
{calls['calls']:,} calls
  calls for each resource {calls['ratio']:.3f}; to reach: at most {TARGET_CALLS}: \
{REACHED[calls['ratio'] <= TARGET_CALLS]}
  replayed to one that has them: {calls['plain_calls']} calls; to reach: 0: {REACHED[calls['plain_calls'] == 0]}

  {live['movers']} changes from Lever to CLARA{'':<6}{'alone':>10}  {'during a replay':>15}""")
    for rate, measured in live["rates"].items():
        for pair in measured["pairs"]:
            print(f"  at {rate:<10} p50 / p99 ms{'':<9}{pair['alone']['p50_ms']:>4} / {pair['alone']['p99_ms']:>3}  "
                  f"{pair['beside']['p50_ms']:>9} / {pair['beside']['p99_ms']:>3}  ratio {pair['ratio']:.2f}")
    ratio = live["rates"][USUAL_RATE]["ratio"]
    print(f"""\
  p99 ratio (median) at {USUAL_RATE} {ratio:.2f}; to reach: at most {TARGET_P99_RATIO}: \
{REACHED[ratio <= TARGET_P99_RATIO]}

  {'dead letters':<20}{few['letters']:>10,}  {many['letters']:>10,}
  {'dlq list, MiB':<20}{few['list_mib']:>10.1f}  {many['list_mib']:>10.1f}
  {'dlq redrive, MiB':<20}{few['redrive_mib']:>10.1f}  {many['redrive_mib']:>10.1f}
  {'dlq redrive, s':<20}{few['redrive_seconds']:>10.1f}  {many['redrive_seconds']:>10.1f}
  memory ratio {letters['ratio']:.2f}; to reach: at most {TARGET_MEMORY_RATIO}: \
{REACHED[letters['ratio'] <= TARGET_MEMORY_RATIO]}; each was applied once

  .hirewire/bench/replay.json
""")
