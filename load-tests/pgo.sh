#!/bin/bash
# The release binary, laid out for the requests it will see (profile-guided optimisation): built with counters, shown the
# requests of train.py, built again by what was counted. The result is target/pgo/sessiongate. Why: docs/performance.md.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$PWD/target/pgo
host=$(rustc -vV | sed -n 's/^host: //p')

# The tool of the compiler's own LLVM where rustup has it; else the newest there is.
tool() {
    local own
    own=$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata
    if [[ -x $own ]]; then
        echo "$own"
    else
        compgen -c llvm-profdata | sort -V | tail -n1
    fi
}

# build FOLDER FLAG: with a target named, the flags are not for build scripts and macros.
build() {
    RUSTFLAGS="${RUSTFLAGS:-} $2" cargo build --release --locked --bin sessiongate --target "$host" --target-dir "$work/$1"
    built=$work/$1/$host/release/sessiongate
}

rm -rf "$work/counts"
build counting "-Cprofile-generate=$work/counts"
load-tests/train.py "$built"
"$(tool)" merge -o "$work/sessiongate.profdata" "$work"/counts/*.profraw || {
    echo "the counts of this compiler are not legible to $(tool): rustup component add llvm-tools" >&2
    exit 1
}
build laid-out "-Cprofile-use=$work/sessiongate.profdata"
# The result gets the same requests: it has to answer them like any other build.
load-tests/train.py "$built"
cp "$built" "$work/sessiongate"
echo "built: target/pgo/sessiongate"
