# What tools/up, down, test, check and .ci/run share. To be sourced by bash, with `set -euo pipefail`.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
state=$root/.hirewire
packages_file=$root/tools/packages.txt

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' dim='' red='' plain=''
fi

# The step that is under way: a failure names it.
current_step=''
step() {
    current_step=$1
    printf '%s==> %s%s\n' "$bold" "$1" "$plain"
}
note() { printf '    %s%s%s\n' "$dim" "$1" "$plain"; }

# die WHY [WHAT TO DO]
die() {
    printf '%sfailed%s while: %s\n' "$red" "$plain" "${current_step:-starting}" >&2
    printf '    why: %s\n' "$1" >&2
    [[ $# -lt 2 ]] || printf '    what to do: %s\n' "$2" >&2
    exit 1
}

last_lines() {
    [[ -s $1 ]] || return 0
    printf '    the last lines of %s:\n' "$1" >&2
    tail -n "${2:-8}" "$1" | cut -c 1-400 | sed 's/^/      | /' >&2
}

# --- packages -------------------------------------------------------------------------------------------------------

# The lines of packages.txt that belong to the groups named: base, dev, kafka.
package_lines() {
    local wanted=" $* " group=base line
    while IFS= read -r line; do
        line=${line%%#*}
        line=$(tr -s ' ' <<<"$line")
        line=${line# }
        line=${line% }
        case $line in
            '') ;;
            @*) group=${line#@} ;;
            *) [[ $wanted != *" $group "* ]] || printf '%s\n' "$line" ;;
        esac
    done <"$packages_file"
}

# Of those lines, the ones of which no alternative is installed. A command of that name counts as well: Node.js from its
# makers, say, brings npm along and does not get on with Debian's package of it.
missing_lines() {
    local installed line name found
    installed=$'\n'$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')$'\n'
    package_lines "$@" | while IFS= read -r line; do
        found=''
        for name in ${line//|/ }; do
            if [[ $installed == *$'\n'"$name"$'\n'* ]] || command -v "$name" >/dev/null; then found=1; fi
        done
        [[ -n $found ]] || printf '%s\n' "$line"
    done
}

# Whether the package lists have a version of it to install.
# (Not grep -q, which leaves early: the pipe then breaks under apt-cache, and pipefail takes that for a failure.)
apt_knows() { LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep 'Candidate: [^(]' >/dev/null; }

# Of "a | b" the first that apt knows; nothing when it knows none.
first_known() {
    local name
    for name in ${1//|/ }; do
        if apt_knows "$name"; then
            printf '%s\n' "$name"
            return
        fi
    done
    return 1
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Installs what is missing of the groups named, with one apt-get call. Answers 1 (and says why) when that fails.
try_install_packages() {
    local lines line name log=$state/log/apt.log
    local -a names=()
    lines=$(missing_lines "$@")
    [[ -n $lines ]] || return 0
    if ! command -v apt-get >/dev/null; then
        printf '    missing, and this machine has no apt-get: %s\n' "$(tr '\n' ',' <<<"$lines")" >&2
        return 1
    fi
    if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
        printf '    missing, and neither root nor sudo is at hand: %s\n' "$(tr '\n' ',' <<<"$lines")" >&2
        return 1
    fi
    mkdir -p "$state/log"
    note "updating apt's package lists"
    if ! as_root apt-get update -q >"$log" 2>&1; then
        last_lines "$log"
        printf '    apt-get update failed (all of it: %s)\n' "$log" >&2
        return 1
    fi
    while IFS= read -r line; do
        if ! name=$(first_known "$line"); then
            printf '    apt knows no package "%s"; this needs Debian 12, Ubuntu 24.04 or newer\n' "$line" >&2
            return 1
        fi
        names+=("$name")
    done <<<"$lines"
    note "installing ${#names[@]} packages: ${names[*]}"
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 "${names[@]}" >>"$log" 2>&1; then
        last_lines "$log"
        printf '    apt-get install failed (all of it: %s)\n' "$log" >&2
        return 1
    fi
}

install_packages() {
    try_install_packages "$@" || die "packages could not be installed" \
        "install them by hand (tools/packages.txt lists them), then start this again"
}

# --- building -------------------------------------------------------------------------------------------------------

# As many compilers at once as there are cores, and 1.5 GB of memory for each.
build_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo)
    ((memory < 1)) && memory=1
    printf '%s\n' $((cores < memory ? cores : memory))
}

# configure PRESET
configure() {
    local log=$state/log/configure-$1.log forgets='variables that require your cache to be deleted'
    mkdir -p "$state/log"
    if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
    if ! (cd "$root" && cmake --preset "$1") >"$log" 2>&1; then
        last_lines "$log" 15
        die "CMake could not configure the preset '$1'" "read $log"
    fi
    # With another compiler than last time CMake forgets what the preset says, sanitizers too, until it is told again.
    if grep -qF "$forgets" "$log"; then (cd "$root" && cmake --preset "$1") >"$log" 2>&1; fi
}

# build PRESET [TARGET...]: a first build takes minutes, so ninja's own progress is shown
build() {
    local preset=$1
    shift
    configure "$preset"
    local -a targets=()
    [[ $# -eq 0 ]] || targets=(--target "$@")
    cmake --build "$root/build/$preset" -j "$(build_jobs)" "${targets[@]}" ||
        die "the build of the preset '$preset' failed" "read the compiler's message above"
}

# --- ports ----------------------------------------------------------------------------------------------------------

# pick_ports PORT...: each one, or a free one in its place when it is 0 or taken. Below the range that the kernel hands
# to outgoing connections, so that a restarted service finds its port still free.
pick_ports() {
    python3 - "$@" <<'PY'
import random, socket, sys

def free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

wanted = [int(a) for a in sys.argv[1:]]
chosen = []
for port in wanted:
    while port == 0 or port in chosen or not free(port):
        port = random.randrange(20000, 32000)
    chosen.append(port)
print(*chosen)
PY
}

# --- processes ------------------------------------------------------------------------------------------------------

# A pid can be given to somebody else; pid and start time together cannot. `pids/NAME` holds both.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# is_running NAME
is_running() {
    local pid began
    [[ -f $state/pids/$1 ]] || return 1
    { read -r pid && read -r began; } <"$state/pids/$1" || return 1
    [[ -n $began && $(start_time "$pid") == "$began" ]] || return 1
    # A zombie has ended.
    [[ $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d ' ' -f 1) != Z ]]
}

pid_of() { head -n 1 "$state/pids/$1"; }

# launch NAME COMMAND...: in the background, in a session of its own (Ctrl-C here is not meant for it)
launch() {
    local name=$1 pid
    shift
    mkdir -p "$state/pids" "$state/log"
    setsid "$@" >"$state/log/$name.out" 2>"$state/log/$name.log" </dev/null &
    pid=$!
    printf '%s\n%s\n' "$pid" "$(start_time "$pid")" >"$state/pids/$name"
}

# end NAME...: SIGTERM to all of them, and SIGKILL to those that are still there after their grace
end() {
    local name i left
    for name in "$@"; do
        if is_running "$name"; then kill "$(pid_of "$name")" 2>/dev/null || true; fi
    done
    for ((i = 0; i < 150; ++i)); do
        left=''
        for name in "$@"; do
            if is_running "$name"; then left+=" $name"; fi
        done
        [[ -n $left ]] || break
        sleep 0.1
    done
    for name in "$@"; do
        if is_running "$name"; then
            note "$name did not end within 15 s and is killed"
            kill -KILL "$(pid_of "$name")" 2>/dev/null || true
        fi
        rm -f "$state/pids/$name"
    done
}

# A number out of the line in which a service says that it has started: started_number NAME admin_port
started_number() {
    grep -m 1 'service\.started' "$state/log/$1.log" 2>/dev/null | sed -n "s/.*[\" ]$2[\"]*[:=]\([0-9]*\).*/\1/p"
}

# still_there NAME: dies with the log's end when it has ended
still_there() {
    is_running "$1" && return
    last_lines "$state/log/$1.log"
    die "$1 ended before it was ready" "${2:-read $state/log/$1.log}"
}

# await_started NAME [SECONDS]
await_started() {
    local began=$SECONDS said=$SECONDS
    until grep -q 'service\.started' "$state/log/$1.log" 2>/dev/null; do
        still_there "$1"
        if ((SECONDS - began > ${2:-60})); then
            last_lines "$state/log/$1.log"
            die "$1 has not started within ${2:-60} s" "read $state/log/$1.log"
        fi
        if ((SECONDS - said >= 5)); then
            said=$SECONDS
            note "$1 is still starting ($((SECONDS - began)) s)"
        fi
        sleep 0.1
    done
}

# await_ready NAME [SECONDS]: until /readyz of its admin port says yes
await_ready() {
    local began=$SECONDS said=$SECONDS url answer
    await_started "$1" "${2:-90}"
    url=http://127.0.0.1:$(started_number "$1" admin_port)/readyz
    until curl -fsS -o /dev/null -m 2 "$url" 2>/dev/null; do
        still_there "$1"
        if ((SECONDS - began > ${2:-90})); then
            answer=$(curl -sS -m 2 "$url" 2>&1 || true)
            last_lines "$state/log/$1.log"
            die "$1 is not ready after ${2:-90} s; $url says: $answer" "read $state/log/$1.log"
        fi
        if ((SECONDS - said >= 5)); then
            said=$SECONDS
            note "$1 is not ready yet ($((SECONDS - began)) s): $(curl -sS -m 2 "$url" 2>&1 | cut -c 1-200 || true)"
        fi
        sleep 0.2
    done
}

# All that tools/up started: first those that work, so that they can finish and commit, then what they stand on.
end_everything() {
    local file name
    local -a workers=() neighbours=()
    for file in "$state"/pids/*; do
        [[ -f $file ]] || continue
        name=${file##*/}
        case $name in
            redis | devbroker | sandbox) neighbours+=("$name") ;;
            *) workers+=("$name") ;;
        esac
    done
    [[ ${#workers[@]} -eq 0 ]] || end "${workers[@]}"
    [[ ${#neighbours[@]} -eq 0 ]] || end "${neighbours[@]}"
    if [[ -f $state/data/kafka/pid ]]; then "$root/deploy/kafka/kafka" stop "$state/data/kafka"; fi
}
