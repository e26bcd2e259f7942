"""What the gateway is held to, and whether a result keeps it."""

CPU = "cpu", "peer", "us_per_request"
P99 = "latency_us", "p99"


def judge(result):
    """(build, target, measured, met) of each: met is yes, no, or why it cannot be told."""
    for build in ("sessiongate", "sessiongate-pgo"):
        if result.row("closed", build, "hit"):
            yield from ((build, *judged) for judged in judge_build(result, build))


def judge_build(result, build):
    flat_out = lambda peer, scenario: result.row("closed", peer, scenario)
    fixed_rate = lambda peer, scenario: result.row("open", peer, scenario)
    hit, steady = flat_out(build, "hit"), fixed_rate(build, "hit")
    miss, garbage = flat_out(build, "miss"), flat_out(build, "garbage10")
    yield at_most("hit: CPU/request ≤ 1.05 × bare Pingora, same settings", hit, flat_out("bare", "pass"), CPU, 1.05)
    yield at_most("hit: CPU/request ≤ 0.92 × bare Pingora, stock", hit, flat_out("bare-stock", "pass"), CPU, 0.92)
    yield at_most("hit: CPU/request ≤ nginx + Lua (the aim beyond)", hit, flat_out("nginx-lua", "hit"), CPU, 1.0)
    yield at_most("miss: CPU/request ≤ nginx + Lua", miss, flat_out("nginx-lua", "miss"), CPU, 1.0)
    yield at_least("10 % garbage: requests/s ≥ 0.90 × hit", garbage, hit, ("requests_per_second",), 0.90)
    yield at_most("fixed rate, hit: p99 ≤ 1.10 × bare Pingora", steady, fixed_rate("bare", "pass"), P99, 1.10)
    for pace, row in (("fixed rate", steady), ("flat out", hit)):
        yield overhead(f"{pace}, hit: own overhead p50 ≤ 10 µs", row, 0.5, 10)
        yield overhead(f"{pace}, hit: own overhead p99 ≤ 50 µs", row, 0.99, 50)


def at_most(target, row, other, figure, limit):
    return compared(target, row, other, figure, lambda ratio: ratio <= limit)


def at_least(target, row, other, figure, limit):
    return compared(target, row, other, figure, lambda ratio: ratio >= limit)


def compared(target, row, other, figure, keeps):
    ratio = row and row.ratio(other, *figure)
    if not ratio:
        return target, "–", "not measured"
    return target, f"{ratio:.2f} ×", "yes" if keeps(ratio) else "no"


def overhead(target, row, quantile, limit):
    bucket = row and row.overhead(quantile)
    if not bucket:
        return target, "–", "not measured"
    above, up_to = bucket
    met = "yes" if up_to <= limit else "no" if above >= limit else "in this bucket"
    return target, between(bucket), met


def between(bucket):
    """A bucket of a histogram, in words."""
    above, up_to = bucket
    return f"≤ {up_to:.0f} µs" if not above else f"{above:.0f}–{up_to:.0f} µs"
