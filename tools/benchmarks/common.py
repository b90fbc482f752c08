"""What the benchmarks share: starting and ending real processes, asking them, telling of the machine."""
import http.client
import json
import os
import platform
import re
import secrets
import shutil
import socket
import statistics
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".hirewire"
BIN = ROOT / "build" / "release" / "bin"
KAFKA = ROOT / "deploy" / "kafka" / "kafka"
TICKS = os.sysconf("SC_CLK_TCK")
# How a benchmark tells whether a target was met.
REACHED = {True: "reached", False: "NOT REACHED"}


class Failure(Exception):
    pass


def say(text):
    print(f"==> {text}", flush=True)


def build(targets):
    say("building the release preset")
    script = f'. tools/lib.sh; install_packages base; build release {" ".join("hirewire-" + t for t in targets)}'
    if subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=ROOT).returncode != 0:
        raise Failure("the build failed: see above")


def pinned(command, cores):
    taskset = ["taskset", "--cpu-list", cores] if cores and shutil.which("taskset") else []
    return [*taskset, *(str(c) for c in command)]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Bench:
    """What runs, and its end."""

    def __init__(self, directory, cores):
        self.directory = directory
        self.server_cores, self.other_cores = cores
        self.processes = []
        self.kafka = None

    def start(self, name, command, cores, environment=None):
        log = open(self.directory / f"{name}.log", "w")
        process = subprocess.Popen(
            pinned(command, cores), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})})
        self.processes.append(process)
        return process

    def await_started(self, name, process, patience=30):
        file = self.directory / f"{name}.log"
        end = time.monotonic() + patience
        while time.monotonic() < end:
            for line in file.read_text().splitlines():
                if '"service.started"' in line:
                    return json.loads(line)
            if process.poll() is not None:
                raise Failure(f"{name} ended at once: {file.read_text()[-600:]}")
            time.sleep(0.05)
        raise Failure(f"{name} did not start within {patience} s; see {file}")

    def start_bare(self, cores):
        process = self.start("bare", [BIN / "hirewire-bench-bare", "--threads", "1"], cores)
        return process, self.await_started("bare", process)["port"]

    def start_sandbox(self, receiver_port, environment, *flags):
        """Answers its start line, with the ports."""
        sandbox = self.start("sandbox", [BIN / "hirewire-sandbox", "--lever-port", 0, "--destinations-port", 0,
                                         "--receiver-url", f"http://127.0.0.1:{receiver_port}/webhooks/lever", *flags],
                             "", environment)
        return self.await_started("sandbox", sandbox)

    def start_redis(self):
        port = free_port()
        self.start("redis", ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                             "--maxmemory-policy", "noeviction"], self.other_cores)
        for _ in range(100):
            answer = subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True, text=True)
            if answer.stdout.strip() == "PONG":
                return port
            time.sleep(0.05)
        raise Failure(f"redis-server does not answer; see {self.directory / 'redis.log'}")

    def start_broker(self, real, partitions=3):
        topics = ROOT / "proto" / "topics.toml"
        if not real:
            process = self.start("devbroker", [BIN / "hirewire-devbroker", "--topics", topics], self.other_cores)
            return self.await_started("devbroker", process)["brokers"], "embedded (librdkafka's mock cluster)"
        subprocess.run([KAFKA, "fetch"], check=True)
        self.kafka = self.directory / "kafka"
        shutil.rmtree(self.kafka, ignore_errors=True)
        subprocess.run(pinned([KAFKA, "start", self.kafka], self.other_cores), check=True)
        brokers = (self.kafka / "brokers").read_text().strip()
        subprocess.run([BIN / "hirewire", "topics", "apply", "--brokers", brokers, "--topics", topics, "--partitions",
                        str(partitions), "--replication", "1", "--min-insync", "1"], check=True, stdout=subprocess.DEVNULL)
        pom = (ROOT / "deploy" / "kafka" / "pom.xml").read_text()
        return brokers, "Apache Kafka " + re.search(r"<kafka.version>(.*?)<", pom).group(1)

    def end(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(12)
            except subprocess.TimeoutExpired:
                process.kill()
        if self.kafka:
            subprocess.run([KAFKA, "stop", self.kafka])
            shutil.rmtree(self.kafka / "data", ignore_errors=True)


def cpu_seconds(process):
    # taskset execs, so the pid is the server's own.
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def stolen_seconds():
    """What other guests of the host took of this machine's cores."""
    return int(Path("/proc/stat").read_text().split()[8]) / TICKS / os.cpu_count()


def allocator(process):
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    found = re.search(r"/(lib(?:jemalloc|tcmalloc|mimalloc)[^/\s]*)", maps)
    return found.group(1) if found else "glibc malloc"


def machine():
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cache = (ROOT / "build" / "release" / "CMakeCache.txt").read_text()
    compiler = re.search(r"CMAKE_CXX_COMPILER:\w+=(.*)", cache).group(1)
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    return {"cpu": cpu.group(1) if cpu else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release(),
            "compiler": version, "flags": re.search(r"CMAKE_CXX_FLAGS_RELEASE:\w+=(.*)", cache).group(1)}


def configuration(directory, brokers, redis_port, section):
    file = directory / "hirewire.toml"
    file.write_text(f"""[account]
name = "bench"
[kafka]
brokers = "{brokers}"
[redis]
host = "127.0.0.1"
port = {redis_port}
{section}
admin_port = 0
""")
    return file


def one_secret_for_all():
    """The environment of the services and of the sandbox."""
    secret = secrets.token_hex(24)
    return {name: secret for name in (
        "LEVER_API_KEY", "LEVER_SIGNATURE_TOKENS", "HIREWIRE_INTERNAL_TOKEN", "CLARA_TOKEN", "CLUSTER_TOKEN",
        "CLEARY_TOKEN", "THEORG_API_KEY", "CLINCH_ACCESS_ID", "CLINCH_SECRET_KEY")}


def split_cores():
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return "", ""
    return str(cores[0]), ",".join(str(c) for c in cores[1:])


def measured_by(program, directory, cores, *arguments):
    file = directory / f"{program}.json"
    command = [BIN / f"hirewire-{program}", "--json", file, *arguments]
    if subprocess.run(pinned(command, cores)).returncode != 0:
        raise Failure("the benchmark failed: see above")
    result = json.loads(file.read_text())
    file.unlink()
    return result


def add_medians(result, side, other, figure):
    """Of each figure of both sides, and of the ratio of one of them within each pair."""
    pairs = result["pairs"]
    result["median"] = {name: {key: statistics.median(p[name][key] for p in pairs) for key in pairs[0][name]}
                        for name in (side, other)}
    ratios = [p[side][figure] / p[other][figure] for p in pairs]
    result["ratio"] = {"of": figure, "median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
    return result


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


def metric_sum(port, name, label=""):
    text = get(port, "/metrics")[1]
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.startswith(name) and label in line and not line.startswith("#"))


class Clara:
    """A sync-clara, and what it says of itself."""

    def __init__(self, bench, file, token="bench"):
        self.process = bench.start("sync-clara", [BIN / "hirewire-sync-clara", "--config", file], bench.server_cores,
                                   {"CLARA_TOKEN": token})
        self.admin_port = bench.await_started("sync-clara", self.process)["admin_port"]

    def await_ready(self, patience=60):
        end = time.monotonic() + patience
        while get(self.admin_port, "/readyz")[0] != 200:
            if time.monotonic() > end:
                raise Failure(f"sync-clara is not ready after {patience} s: {get(self.admin_port, '/readyz')[1]}")
            time.sleep(0.2)

    def outcomes(self):
        text = get(self.admin_port, "/metrics")[1]
        return {name: int(float(n)) for name, n in
                re.findall(r'^hirewire_outcomes_total\{.*outcome="(\w+)".*\} (\S+)$', text, re.M)}

    def decided(self):
        return sum(n for name, n in self.outcomes().items() if name not in ("retrying", "held"))

    def requests(self):
        found = re.search(r"^hirewire_delivery_seconds_count\S* (\S+)$", get(self.admin_port, "/metrics")[1], re.M)
        return int(float(found.group(1)))

    def memory_mib(self, field):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.M).group(1)) / 1024

    def work_off(self, changes, patience=60):
        """Samples, two a second, until so many changes are decided."""
        samples = []
        begin = progress = time.monotonic()
        while not samples or samples[-1]["decided"] < changes:
            time.sleep(max(0.0, begin + 0.5 * len(samples) - time.monotonic()))
            if self.process.poll() is not None:
                raise Failure("sync-clara has ended; see its log")
            decided = self.decided()
            now = time.monotonic()
            if not samples or decided > samples[-1]["decided"]:
                progress = now
            if now - progress > patience:
                raise Failure(f"sync-clara stands still at {decided:,} of {changes:,} changes: {self.outcomes()}")
            samples.append({"at": now, "decided": decided, "rss_mib": self.memory_mib("VmRSS"),
                            "cpu_seconds": cpu_seconds(self.process), "stolen_seconds": stolen_seconds()})
        return samples

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Lever:
    """The sandbox's Lever and its control calls, over one connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def request(self, method, path, body=None):
        self.connection.request(method, path, None if body is None else json.dumps(body),
                                {} if body is None else {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        text = response.read()
        if response.status // 100 != 2:
            raise Failure(f"the sandbox answered {response.status} to {path}: {text[:200]!r}")
        return json.loads(text) if text else None

    def control(self, path, body):
        return self.request("POST", "/_sandbox" + path, body)

    def calls_by_kind(self, since):
        kinds = {}
        for call in self.request("GET", "/_sandbox/lever/requests")["requests"]:
            if call["at"] >= since * 1000:
                kind = re.sub(r"/[^/]*-[^/]*-[^/]*", "/ID", call["path"].split("?")[0].removeprefix("/v1"))
                kinds[kind] = kinds.get(kind, 0) + 1
        return dict(sorted(kinds.items(), key=lambda item: -item[1]))
