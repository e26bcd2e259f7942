"""What a result says: medians over the rounds, and ratios of two rows of the same round."""

import math
from statistics import median


class Row:
    """One peer in one scenario at one pace, in all rounds."""

    def __init__(self, peer, scenario):
        self.peer, self.scenario = peer, scenario
        self.runs = {}

    def values(self, *path):
        """A figure by round, such as ("cpu", "peer", "us_per_request")."""
        return {number: dig(run, path) for number, run in self.runs.items()}

    def median(self, *path):
        return median(self.values(*path).values())

    def extent(self, *path):
        values = self.values(*path).values()
        return min(values), max(values)

    def ratio(self, other, *path):
        """The median of the ratios of each round: what slows a whole round down does not count. None without the other."""
        if not other:
            return None
        mine, others = self.values(*path), other.values(*path)
        ratios = [mine[number] / others[number] for number in mine if others.get(number)]
        return median(ratios) if ratios else None

    def overhead(self, quantile):
        """The bucket of sessiongate_overhead_seconds in which a quantile lies, (above, up to) in µs, all rounds together.
        None for other peers."""
        buckets = {}
        for run in self.runs.values():
            for bound, count in run["overhead"].items():
                buckets[float(bound)] = buckets.get(float(bound), 0) + count
        bounds = sorted(buckets)
        if not bounds or not buckets[math.inf]:
            return None
        wanted = quantile * buckets[math.inf]
        above = 0.0
        for bound in bounds:
            if buckets[bound] >= wanted:
                return above * 1e6, bound * 1e6
            above = bound
        return None


def dig(run, path):
    for key in path:
        run = run[key]
    return run


class Result:
    """The content of a result's JSON."""

    def __init__(self, content):
        self.about = content["about"]
        self.by_pace = {"closed": {}, "open": {}}
        for run in content["runs"]:
            rows = self.by_pace[run["pace"]]
            key = run["peer"], run["scenario"]
            rows.setdefault(key, Row(*key)).runs[run["round"]] = run

    def rows(self, pace):
        """In the order of the first round."""
        return list(self.by_pace[pace].values())

    def row(self, pace, peer, scenario):
        return self.by_pace[pace].get((peer, scenario))
