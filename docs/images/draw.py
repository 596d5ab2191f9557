"""Draws tiling.svg: python3 docs/images/draw.py > docs/images/tiling.svg

The other pictures are written by `cargo run --release --example brain`, to out/brain.
"""

SIZE, WINDOW, STEP, BORDER = (26, 38), (12, 12), (6, 6), 2
SCALE = 10
INK, PALE, WARM = "#1f3a5f", "#9db8d6", "#c8553d"


def starts(size, window, step):
    """Where windows begin along an axis: the last one is shifted back inside."""
    count = -(-(size - window) // step) + 1
    return [min(i * step, size - window) for i in range(count)]


def box(x, y, width, height, style):
    print(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" {style}/>')


def text(x, y, words, style=""):
    print(f'<text x="{x:g}" y="{y:g}" {style}>{words}</text>')


def window(left, top, y, x, colour, name):
    x, y = left + x * SCALE, top + y * SCALE
    side, rim = WINDOW[0] * SCALE, BORDER * SCALE
    box(x, y, side, side, f'fill="{colour}" fill-opacity="0.18" stroke="{colour}" stroke-width="2"')
    box(x + rim, y + rim, side - 2 * rim, side - 2 * rim, f'fill="{colour}" fill-opacity="0.25" stroke="none"')
    text(x + side / 2, y + side / 2 + 5, name, f'text-anchor="middle" fill="{colour}" font-weight="bold"')


def plan(left, top):
    """The image from above, with four of its windows."""
    rows, columns = starts(SIZE[0], WINDOW[0], STEP[0]), starts(SIZE[1], WINDOW[1], STEP[1])
    box(left, top, SIZE[1] * SCALE, SIZE[0] * SCALE, 'fill="white" stroke="#333" stroke-width="1.5"')
    for y in rows:
        for x in columns:
            side = WINDOW[0] * SCALE
            box(left + x * SCALE, top + y * SCALE, side, side, 'fill="none" stroke="#bbb" stroke-width="0.7"')
    window(left, top, rows[0], columns[0], INK, "0")
    window(left, top, rows[0], columns[1], INK, "1")
    window(left, top, rows[2], columns[2], INK, "14")
    window(left, top, rows[-1], columns[-1], WARM, str(len(rows) * len(columns) - 1))
    text(left, top - 24, f"an image of {SIZE[0]} x {SIZE[1]} pixels:", 'font-weight="bold"')
    text(left, top - 8, f"windows of {WINDOW[0]}, step {STEP[0]}, border {BORDER}: {len(rows)} x {len(columns)} patches")


def section(left, top):
    """Windows along a row of pixels, and the sum of their weights."""
    text(left, top - 24, "along one row", 'font-weight="bold"')
    text(left, top - 8, "weights: 1 inside a window, 0.1 in its border")
    sums = [0.0] * SIZE[1]
    places = starts(SIZE[1], WINDOW[1], STEP[1])
    for i, start in enumerate(places):
        colour = WARM if i == len(places) - 1 else INK
        y = top + 10 + i * 26
        for u in range(WINDOW[1]):
            inside = BORDER <= u < WINDOW[1] - BORDER
            sums[start + u] += 1.0 if inside else 0.1
            box(left + (start + u) * SCALE, y + (0 if inside else 12), SCALE, 16 if inside else 4,
                f'fill="{colour}" fill-opacity="{0.55 if inside else 0.3}"')
        if i == len(places) - 1:
            text(left + start * SCALE - 8, y + 13, "the last one is shifted back", f'fill="{WARM}" text-anchor="end"')
    base = top + 10 + len(places) * 26 + 64
    for x, weight in enumerate(sums):
        box(left + x * SCALE, base - weight * 24, SCALE, weight * 24, f'fill="{PALE}" stroke="none"')
    print(f'<line x1="{left}" y1="{base}" x2="{left + SIZE[1] * SCALE}" y2="{base}" stroke="#333"/>')
    text(left, base + 18, "the sum of the weights at each pixel, by which it is divided")


print('<svg xmlns="http://www.w3.org/2000/svg" width="860" height="350" viewBox="0 0 860 350" '
      'font-family="sans-serif" font-size="13" fill="#222">')
box(0, 0, 860, 350, 'fill="white"')
plan(20, 60)
section(450, 60)
print("</svg>")
