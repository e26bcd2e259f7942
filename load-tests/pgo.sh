#!/bin/bash
# The release binary, laid out for the requests it will see (profile-guided optimisation): built with counters, shown the
# requests of train.py, built again by what was counted. The result is target/pgo/sessiongate. Why: docs/performance.md.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$PWD/target/pgo
host=$(rustc -vV | sed -n 's/^host: //p')

# The tool of the compiler's own LLVM where rustup has it, else Debian's. Not a newer one than the compiler: that may not read
# what it writes.
merge=$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata
[[ -x $merge ]] || merge=llvm-profdata-19

fail() {
    echo "$1" >&2
    exit 1
}

# build FOLDER FLAG: with a target named, the flag is not for build scripts and macros. Flags are kept apart by a byte that no
# path has.
build() {
    local flags=${RUSTFLAGS:-}
    flags=${CARGO_ENCODED_RUSTFLAGS:-${flags// /$'\x1f'}}
    CARGO_ENCODED_RUSTFLAGS=${flags:+$flags$'\x1f'}$2 \
        cargo build --release --locked --bin sessiongate --target "$host" --target-dir "$work/$1" || return
    built=$work/$1/$host/release/sessiongate
}

rm -rf "$work/counts"
build counting "-Cprofile-generate=$work/counts"
load-tests/train.py "$built"
compgen -G "$work/counts/*.profraw" >/dev/null || fail "the gateway has counted nothing: $work/counts is empty"
"$merge" merge -o "$work/sessiongate.profdata" "$work"/counts/*.profraw ||
    fail "$merge cannot read the counts of this compiler, whose own tool can: rustup component add llvm-tools"
build laid-out "-Cprofile-use=$work/sessiongate.profdata" ||
    fail "if the compiler could not read the profile, its own tool writes one that it can: rustup component add llvm-tools"
# The result gets the same requests: it has to answer them like any other build.
load-tests/train.py "$built"
install "$built" "$work/sessiongate"
echo "built: target/pgo/sessiongate"
