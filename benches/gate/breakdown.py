"""Where the instructions of one request go, by crate and by function."""

import collections
import pathlib
import re
import shutil
import subprocess

from counting import REQUESTS, measure

OWN = re.compile(r"<?sessiongate::")
HOOK = re.compile(r"<sessiongate::proxy::gateway::Gateway as pingora_proxy::proxy_trait::ProxyHttp>::\w+::{{closure}}$")
KEPT = pathlib.Path(__file__).resolve().parents[2] / "target" / "gate"


def show(binary, scenario, folder):
    """Prints the tables, and keeps callgrind's file. What the compiler inlined counts where it is written."""
    total, file = measure(binary, scenario, folder)
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = shutil.copy(file, KEPT / f"{scenario}.callgrind")
    crates, functions, own = collections.Counter(), collections.Counter(), collections.Counter()
    for cost, path, function in costs(kept, "no"):
        crates[crate(path)] += cost
        functions[f"{function}  [{crate(path)}]"] += cost
    for cost, _, function in costs(kept, "yes"):
        if OWN.match(function):
            own[function] = max(own[function], cost)
    hooks = sum(cost for function, cost in own.items() if HOOK.match(function))
    print(f"{scenario}: {total:,} instructions per request, {hooks / REQUESTS:,.0f} of them in the hooks that pingora calls")
    table("crates", crates)
    table("functions, without what they call", functions)
    table("functions of sessiongate, with what they call", own)
    print(f"\nby line, for {REQUESTS} requests: callgrind_annotate --auto=yes {kept}")


def table(title, counter):
    print(f"\n{title}")
    for name, cost in counter.most_common(40):
        print(f"{cost / REQUESTS:10,.0f}  {name}")


def costs(file, inclusive):
    """Instructions by file and function, as callgrind_annotate prints them."""
    command = ["callgrind_annotate", "--auto=no", "--threshold=100", f"--inclusive={inclusive}", str(file)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for cost, path, function in re.findall(r"(?m)^ *([\d,]+) \([ \d.]+%\)  ([^:\n]+):(.*?)(?: \[[^]\n]*\])?$", text):
        yield int(cost.replace(",", "")), path, function


def crate(path):
    if found := re.search(r"/(?:registry/src/[^/]+|deps)/(.+?)-\d+\.[^/]*/", path):
        return found[1]
    if "/rustc/" in path:
        return "std"
    return "sessiongate" if path.endswith(".rs") else "libc"
