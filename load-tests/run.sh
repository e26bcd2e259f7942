#!/bin/bash
# The gateway beside its peers, on this machine. Question, method and how to read it: README.md beside this file.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin

runs=${RUNS:-5} seconds=${SECONDS_PER_RUN:-4} warmup=1
if [[ -n ${QUICK:-} ]]; then runs=1 seconds=2 warmup=0.5; fi
rate=${RATE:-2000}
connections=${CONNECTIONS:-64}
peers=${PEERS:-bare-stock bare nginx haproxy nginx-lua sessiongate sessiongate-pgo}
scenarios=${SCENARIOS:-pass plain anonymous hit hit-logged garbage10 miss}
peer_core=${PEER_CORE:-0}
load_core=${LOAD_CORE:-1}
release=${RELEASE:-target/release}
gateway=${BINARY:-$release/sessiongate}
laid_out=${PGO_BINARY:-target/pgo/sessiongate}
out=${OUT:-target/load/$(date +%F-%H%M%S)}

# The addresses of peers/.
peer=127.0.0.1:18400 upstream=127.0.0.1:18401 redis=127.0.0.1:18402 admin=127.0.0.1:18403

known=100000 # sessions in Redis
hot=10000    # those of them that hits ask for
small=1000   # a cache that has forgotten a session of `known` when its turn comes again

# In this order in each round: peer and scenario.
rows=(
    "nginx pass"
    "haproxy pass"
    "bare-stock pass"
    "bare pass"
    "sessiongate hit"
    "sessiongate-pgo hit"
    "nginx-lua hit"
    "sessiongate garbage10"
    "sessiongate-pgo garbage10"
    "sessiongate anonymous"
    "sessiongate plain"
    "sessiongate hit-logged"
    "sessiongate-pgo hit-logged"
    "sessiongate miss"
    "sessiongate-pgo miss"
    "nginx-lua miss"
)

fail() {
    echo "$1" >&2
    exit 1
}

check_programs() {
    for program in nginx haproxy redis-server redis-cli curl taskset pgrep; do
        command -v "$program" >/dev/null || fail "$program is missing: .ci/install-deps load"
    done
    for library in /usr/lib/nginx/modules/ngx_http_lua_module.so /usr/share/lua/5.1/resty/lrucache.lua \
        /usr/lib/*/lua/5.1/cjson.so; do
        [[ -e $library ]] || fail "$library is missing: .ci/install-deps load"
    done
    for binary in "$gateway" "$release"/sessiongate-load "$release"/bare-pingora{,-stock}; do
        [[ -x $binary ]] || fail "$binary is missing: make load builds it"
    done
    if [[ " $peers " == *" sessiongate-pgo "* ]]; then check_laid_out; fi
    (($(nproc) > 1)) || fail "two cores are needed: one for the peer, one for everything else"
}

check_laid_out() {
    if [[ ! -x $laid_out ]]; then
        [[ -z ${PEERS:-} ]] || fail "$laid_out is missing: make pgo builds it"
        echo "without sessiongate-pgo: make pgo builds $laid_out" >&2
        peers=${peers/sessiongate-pgo/}
    elif [[ -n $(find src Cargo.lock -newer "$laid_out" -print -quit) ]]; then
        echo "$laid_out is older than the source: make pgo builds it anew" >&2
    fi
}

is_open() { (exec 3<>"/dev/tcp/${1%:*}/${1#*:}") 2>/dev/null; }

# serve CORE ADDRESS COMMAND...: runs it in the background until it is stopped; returns when it listens; sets $served.
serve() {
    local core=$1 address=$2 log=$work/${2#*:}.log
    shift 2
    if is_open "$address"; then fail "somebody else listens on $address"; fi
    taskset -c "$core" "$@" >"$log" 2>&1 &
    served=$!
    serving+=("$served")
    for ((i = 0; i < 100; i++)); do
        if is_open "$address"; then return; fi
        kill -0 "$served" 2>/dev/null || break
        sleep 0.1
    done
    cat "$log" >&2
    fail "nobody listens on $address: $*"
}

# stop COUNT: ends those that were started last.
stop() {
    for ((i = 0; i < $1; i++)); do
        kill "${serving[-1]}" 2>/dev/null || true
        wait "${serving[-1]}" || true
        unset 'serving[-1]'
    done
}

# The process that does the work: the worker of an nginx, which is there when it has answered, or the server itself.
worker_of() { pgrep -P "$1" || echo "$1"; }

# start PEER SCENARIO: sets $served.
start() {
    local command
    local -x CACHE_ENTRIES=$known ACCESS_LOG=none
    if [[ $2 == miss ]]; then CACHE_ENTRIES=$small; fi
    if [[ $2 == hit-logged ]]; then ACCESS_LOG=all; fi
    case $1 in
    bare-stock) command=("$release/bare-pingora-stock" --listen "$peer" --upstream "$upstream") ;;
    bare) command=("$release/bare-pingora" --listen "$peer" --upstream "$upstream") ;;
    nginx) command=(nginx -e stderr -p "$work/" -c nginx.conf) ;;
    nginx-lua) command=(nginx -e stderr -p "$work/" -c nginx-lua.conf) ;;
    haproxy) command=(haproxy -db -f "$work/haproxy.cfg") ;;
    sessiongate) command=("$gateway" run --config "$work/sessiongate.yaml") ;;
    sessiongate-pgo) command=("$laid_out" run --config "$work/sessiongate.yaml") ;;
    *) fail "unknown peer: $1" ;;
    esac
    serve "$peer_core" "$peer" "${command[@]}"
}

# load ARGUMENT...: the generator, on its core. One wrong answer ends everything.
load() {
    timeout $((seconds + 60)) taskset -c "$load_core" "$release/sessiongate-load" --target "$peer" \
        --connections "$connections" --header "User-Agent: load" --header "Accept: */*" \
        --header "Accept-Encoding: gzip" --header "Accept-Language: en" "$@" >"$work/load.log" && return
    cat "$work/load.log" "$work/${peer#*:}.log" >&2
    fail "not every answer was right: $*"
}

# counters PEER: what the gateway and Redis have counted so far.
counters() {
    redis-cli -p "${redis#*:}" info stats
    if [[ $1 == sessiongate* ]]; then curl -sf "http://$admin/metrics"; fi
}

# measure ROUND PEER SCENARIO: flat out, then at the fixed rate.
measure() {
    local asks=(--tokens "$work/hot.tsv" --zipf 1.0) first=(--tokens "$work/hot.tsv" --in-turn) identity=()
    case $3 in
    plain) asks+=(--host plain.test) first+=(--host plain.test) ;;
    anonymous) asks+=(--anonymous 1) ;;
    garbage10) asks+=(--unknown 0.1) ;;
    miss) asks=(--tokens "$work/known.tsv" --in-turn) ;;
    esac
    case $3 in
    pass | plain) ;;
    *) identity=(--echo-header X-Echo-User) first+=(--forged 0.1 --anonymous 0.1 --unknown 0.1) ;;
    esac
    start "$2" "$3"
    # Fills the cache, and sees that forged identities and unknown tokens get nobody anywhere.
    local asked=0
    while ((asked < hot)); do
        load --closed --warmup 0 --duration 1 --skip "$asked" --json "$work/first.json" "${first[@]}" "${identity[@]}"
        asked=$(sed 's/.*"next_skip":\([0-9]*\).*/\1/' "$work/first.json")
    done
    local watched=(--pid "peer=$(worker_of "$served")" --pid "redis=$redis_pid" --pid "upstream=$upstream_pid")
    for pace in closed open; do
        local name=$out/raw/$1.$2.$3.$pace how=(--closed)
        if [[ $pace == open ]]; then how=(--rate "$rate" --arrival poisson); fi
        counters "$2" >"$name.before"
        load "${how[@]}" --warmup "$warmup" --duration "$seconds" --seed "$1" --json "$name.json" \
            "${watched[@]}" "${asks[@]}" "${identity[@]}"
        counters "$2" >"$name.after"
    done
    stop 1
}

# What the report says of the machine: name, tab, value.
describe() {
    printf '%s\t%s\n' \
        date "$(date -u +%FT%TZ)" \
        machine "$(uname -srm)" \
        processor "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | sed 's/^ *//')" \
        cores "$(nproc)" \
        load "$(cut -d' ' -f1-3 /proc/loadavg)" \
        commit "$(git describe --always --dirty 2>/dev/null || echo unknown)" \
        sessiongate "$("$gateway" version)" \
        pingora "$(sed -n '/^name = "pingora"$/{n;s/version = //p}' Cargo.lock | tr -d '"')" \
        nginx "$(nginx -v 2>&1)" \
        nginx-lua "$(dpkg-query -W -f '${Package} ${Version}' libnginx-mod-http-lua 2>/dev/null || echo unknown)" \
        haproxy "$(haproxy -v | head -n1 | cut -d' ' -f1-3)" \
        redis "$(redis-server --version | cut -d' ' -f1-3)" \
        rounds "$runs" seconds "$seconds" warmup "$warmup" rate "$rate" connections "$connections" sessions "$known" hot "$hot"
}

check_programs
mkdir -p "$out/raw"
work=$(mktemp -d)
serving=()
trap 'stop ${#serving[@]}; rm -rf "$work"' EXIT
describe >"$out/raw/about.tsv"

cp load-tests/peers/* "$work/"
load-tests/sessions.py "$work" "$known" "$hot"
serve "$load_core" "$redis" redis-server --bind "${redis%:*}" --port "${redis#*:}" --save '' --dir "$work"
redis_pid=$served
redis-cli -p "${redis#*:}" --pipe <"$work/sessions.resp" >"$work/pipe.log" || fail "$(cat "$work/pipe.log")"
serve "$load_core" "$upstream" nginx -e stderr -p "$work/" -c upstream.conf
curl -sf -o "$work/first" "http://$upstream/"
upstream_pid=$(worker_of "$served")

for ((round = 1; round <= runs; round++)); do
    for row in "${rows[@]}"; do
        read -r name scenario <<<"$row"
        if [[ " $peers " == *" $name "* && " $scenarios " == *" $scenario "* ]]; then
            echo "round $round of $runs: $name, $scenario" >&2
            measure "$round" "$name" "$scenario"
        fi
    done
done
compgen -G "$out/raw/*.json" >/dev/null || fail "none of the rows is in PEERS and SCENARIOS"
load-tests/report.py "$out/raw" "$out/results"
cat "$out/results.md"
echo "kept in $out" >&2
