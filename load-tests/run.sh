#!/bin/bash
# What the gateway costs, on this machine. Question, method and how to read it: README.md beside this file.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${BINARY:-target/release/sessiongate}
seconds=${SECONDS_PER_RUN:-10}
connections=${CONNECTIONS:-32}
runs=${RUNS:-3}
gateway=127.0.0.1:${GATEWAY_PORT:-18080}
upstream=127.0.0.1:${UPSTREAM_PORT:-19000}
sessions=1000

fail() {
    echo "$1" >&2
    exit 1
}

command -v wrk >/dev/null || fail "wrk is missing: .ci/install-deps load"
[[ -x $binary ]] || fail "$binary is missing: make build"

work=$(mktemp -d)
pids=()
stop() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap stop EXIT

for ((i = 0; i < sessions; i++)); do
    echo "- {token: load-$i, record: {v: 1, user_id: user-$i, roles: [user], verified: true}}"
done >"$work/sessions.yaml"

cat >"$work/sessiongate.yaml" <<YAML
listen: $gateway
sessions: {memory: {seed: sessions.yaml}}
routes:
  - {host: plain.test, upstream: "$upstream"}
  - {upstream: "$upstream", identity: skygear}
threads: ${GATEWAY_THREADS:-1}
log: {access: none, level: warn}
YAML

# start LOG COMMAND...: runs in the background, sets $! and remembers it.
start() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 &
    pids+=($!)
}

# until_open ADDRESS LOG: waits for somebody to listen there.
until_open() {
    for ((i = 0; i < 100; i++)); do
        (exec 3<>"/dev/tcp/${1%:*}/${1#*:}") 2>/dev/null && return
        sleep 0.1
    done
    cat "$2" >&2
    fail "nobody listens on $1"
}

start "$work/echo.log" "$binary" echo --listen "$upstream"
until_open "$upstream" "$work/echo.log"
start "$work/gateway.log" "$binary" run --config "$work/sessiongate.yaml"
gateway_pid=$!
until_open "$gateway" "$work/gateway.log"

# CPU time of the gateway so far, user and system, all threads, in microseconds.
cpu_us() {
    local ticks
    ticks=$(sed 's/.*) //' "/proc/$gateway_pid/stat" | awk '{print $12 + $13}')
    echo $((ticks * 1000000 / $(getconf CLK_TCK)))
}

# measure NAME ADDRESS SCENARIO: one line of the table.
measure() {
    local before after report
    before=$(cpu_us)
    report=$(wrk -t1 -c"$connections" -d"${seconds}s" --latency -s load-tests/scenario.lua "http://$2/bench" -- "$3")
    after=$(cpu_us)
    if grep -E 'Non-2xx|Socket errors' <<<"$report" >&2; then fail "$1: not every answer was good"; fi
    awk -v name="$1" -v cpu=$((after - before)) '
        /requests in/ { requests = $1 }
        /^Requests\/sec/ { rate = $2 }
        $1 == "50%" { p50 = $2 }
        $1 == "99%" { p99 = $2 }
        END { printf "%-10s %10.0f %12.1f %10s %10s\n", name, rate, cpu / requests, p50, p99 }
    ' <<<"$report"
}

uname -srm
grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | sed 's/^ *//'
echo "$(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg), $("$binary" version), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
echo "$connections connections, ${seconds} s, $runs runs, gateway threads ${GATEWAY_THREADS:-1}"
printf '%-10s %10s %12s %10s %10s\n' scenario req/s 'cpu us/req' p50 p99
wrk -t1 -c"$connections" -d2s -s load-tests/scenario.lua "http://$gateway/bench" -- hit >/dev/null
for ((run = 0; run < runs; run++)); do
    measure direct "$upstream" anonymous
    for scenario in plain anonymous hit garbage; do
        measure "$scenario" "$gateway" "$scenario"
    done
done
