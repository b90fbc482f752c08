"""A flood of webhooks inside Lever's rate limit."""
import json
import time

from benchmarks.common import (
    BIN, REACHED, STATE, Bench, Failure, Lever, build, configuration, free_port, machine, metric_sum,
    one_secret_for_all, say)


def bench_lever(options):
    build(["receiver", "lever-source", "devbroker", "sandbox", "cli"])
    directory = STATE / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    bench = Bench(directory, ("", ""))
    environment = one_secret_for_all()
    try:
        say("starting redis-server, the broker, the sandbox with Lever's rate limit, the receiver and lever-source")
        redis_port = bench.start_redis()
        brokers, broker_name = bench.start_broker(options.kafka)
        receiver_port = free_port()
        lever_port = bench.start_sandbox(receiver_port, environment)["lever_port"]
        file = configuration(directory, brokers, redis_port, f"""[receiver]
port = {receiver_port}
admin_port = 0
[lever]
base_url = "http://127.0.0.1:{lever_port}/v1"
[lever-source]
port = 0""")
        receiver = bench.start("receiver", [BIN / "hirewire-receiver", "--config", file], "", environment)
        receiver_admin = bench.await_started("receiver", receiver)["admin_port"]

        def start_source():
            source = bench.start("lever-source", [BIN / "hirewire-lever-source", "--config", file], "", environment)
            return source, bench.await_started("lever-source", source)["admin_port"]

        def wait(what, done, patience=120):
            end = time.monotonic() + patience
            while not done():
                if time.monotonic() > end:
                    raise Failure(f"{what}: not within {patience} s; see {directory}")
                time.sleep(0.05)

        source, admin = start_source()
        wait("the first walk", lambda: metric_sum(admin, "hirewire_sweeps_total", "walk") >= 1)
        source.terminate()
        source.wait(15)

        people, webhooks = options.opportunities, options.webhooks
        say(f"{webhooks:,} webhooks of {people:,} opportunities, 1 % of them hires, while lever-source is away")
        lever = Lever(lever_port)
        ids = [lever.control("/opportunities", {})["id"] for _ in range(people)]
        for number in range(webhooks - people):
            one = ids[number % people]
            if number % 100 == 0:
                lever.control(f"/opportunities/{one}/hire", {"start_date": "2027-01-04"})
            else:
                lever.control(f"/opportunities/{one}/stage", {"stage": "Recruiter screen" if number % 2 else "offer"})
        taken = lambda: metric_sum(receiver_admin, "hirewire_webhooks_total", 'result="accepted"')
        wait("the receiver", lambda: taken() >= webhooks)
        since = time.time()
        source, admin = start_source()
        wait("lever-source's first question", lambda: metric_sum(admin, "hirewire_lever_requests_total") > 0, 60)
        began = time.monotonic()
        seen = lambda: metric_sum(admin, "hirewire_hints_total", 'result="emitted"')
        wait("the last change", lambda: seen() >= people and metric_sum(admin, "hirewire_in_flight") == 0)
        took = time.monotonic() - began
        calls = metric_sum(admin, "hirewire_lever_requests_total")
        refused = metric_sum(admin, "hirewire_lever_requests_total", 'code="429"')
        kinds = lever.calls_by_kind(since)
    finally:
        bench.end()
    result = {"broker": broker_name, "opportunities": people, "webhooks": webhooks, "seconds": took, "calls": calls, "calls_by_kind": kinds,
              "refused": refused, "machine": machine()}
    (directory / "lever.json").write_text(json.dumps(result, indent=2) + "\n")
    print(f"""
  {webhooks:,} webhooks of {people:,} opportunities at Lever's 10 requests a second, {broker_name}
  all emitted in {took:.1f} s, {people / took:,.0f} opportunities/s; to reach: under 15 s: {REACHED[took < 15]}
  {calls:,.0f} calls to Lever ({", ".join(f"{n:,} {kind}" for kind, n in kinds.items())}),
  {calls / webhooks:.3f} a webhook, {refused:,.0f} refused with 429

  .hirewire/bench/lever.json
""")
