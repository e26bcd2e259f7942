"""The plots of a result, as SVG."""

import math
from xml.sax.saxutils import escape

LABELS, WIDTH, MARGIN, LINE, TOP = 200, 820, 70, 24, 70
USER, SYSTEM = "#2f6fb4", "#a9c4e3"
QUANTILES = ("p50", "p50", "#2f6fb4"), ("p99", "p99", "#e08a1e"), ("p999", "p99.9", "#b5382a")


def cpu(result):
    """Bars of CPU time per request, flat out, user and system apart."""
    rows = result.rows("closed")
    scale = (WIDTH - LABELS - MARGIN) / max(row.median("cpu", "peer", "us_per_request") for row in rows)
    parts = legend((("user", USER), ("system", SYSTEM)))
    for at, row in enumerate(rows):
        y = TOP + at * LINE
        user, system = (row.median("cpu", "peer", f"{part}_us_per_request") * scale for part in ("user", "system"))
        parts += [
            label(row, y),
            f'<rect x="{LABELS}" y="{y}" width="{user:.1f}" height="16" fill="{USER}"/>',
            f'<rect x="{LABELS + user:.1f}" y="{y}" width="{system:.1f}" height="16" fill="{SYSTEM}"/>',
            text(LABELS + user + system + 6, y + 13, f"{row.median('cpu', 'peer', 'us_per_request'):.1f}"),
        ]
    return drawing("CPU time per request, flat out, µs", result, len(rows), parts)


def latency(result):
    """Percentiles at the fixed rate, on a logarithmic axis."""
    rows = result.rows("open")
    values = [row.median("latency_us", name) for row in rows for name, _, _ in QUANTILES]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    place = lambda value: LABELS + (math.log10(value) - low) / (high - low) * (WIDTH - LABELS - MARGIN)
    bottom = TOP + len(rows) * LINE
    parts = legend((shown, colour) for _, shown, colour in QUANTILES)
    for power in range(low, high + 1):
        for step in range(1, 10 if power < high else 2):
            x = place(step * 10**power)
            colour = "#bbb" if step == 1 else "#eee"
            parts.append(f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom}" stroke="{colour}"/>')
        parts.append(text(place(10**power), bottom + 16, f"{10**power:,} µs".replace(",", " "), "middle"))
    for at, row in enumerate(rows):
        y = TOP + at * LINE + 8
        points = [(place(row.median("latency_us", name)), colour) for name, _, colour in QUANTILES]
        parts.append(label(row, y - 8))
        parts.append(f'<line x1="{points[0][0]:.1f}" y1="{y}" x2="{points[-1][0]:.1f}" y2="{y}" stroke="#999"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y}" r="5" fill="{colour}"/>' for x, colour in points]
    title = f"Latency at {result.about['rate']} requests/s, open loop, µs from when due"
    return drawing(title, result, len(rows) + 1, parts)


def drawing(title, result, lines, parts):
    height = TOP + lines * LINE + 30
    about = f"{result.about['date'][:10]}, {result.about['processor']}, one worker on a core, medians of {result.about['rounds']} rounds"
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="DejaVu Sans, Verdana, sans-serif" font-size="12" fill="#222">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="16" y="24" font-size="15" font-weight="bold">{escape(title)}</text>',
        *parts,
        f'<text x="16" y="{height - 12}" font-size="11" fill="#666">{escape(about)}</text>',
        "</svg>",
    ]
    return "\n".join(body) + "\n"


def legend(entries):
    parts, x = [], LABELS
    for name, colour in entries:
        parts += [f'<rect x="{x}" y="38" width="12" height="12" fill="{colour}"/>', text(x + 18, 49, name)]
        x += 90
    return parts


def label(row, y):
    weight = ' font-weight="bold"' if row.peer.startswith("sessiongate") else ""
    return f'<text x="{LABELS - 10}" y="{y + 13}" text-anchor="end"{weight}>{escape(f"{row.peer}, {row.scenario}")}</text>'


def text(x, y, content, anchor="start"):
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(content)}</text>'
