"""Draws a picture of every product; :mod:`shop_local.seed.static_server` serves them.

The name of a picture carries a digest of its content, so it may be cached for ever.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path

from shop_local.seed.catalog import Product
from shop_local.seed.vocabulary import DATA, vocabulary

_FALLBACK = ("Teal", "Rust", "Midnight Blue", "Olive", "Lilac", "Copper", "Sage", "Burgundy")
_BACKGROUND = {
    "electronics": "#e3e9f1",
    "kitchen": "#f3e8dd",
    "home": "#ece9f3",
    "furniture": "#e9ede4",
    "clothing": "#f4e6e6",
    "shoes": "#e2eef0",
    "luggage": "#efe9df",
    "outdoor": "#e1ede4",
    "cycling": "#e0ecee",
    "games": "#f6eed9",
    "books": "#f2ebe0",
    "beauty": "#f6e6ec",
    "tools": "#ebebe6",
    "garden": "#e4efdd",
    "pets": "#f3ebdf",
    "fitness": "#e6e6f2",
}
_WHITE = "#f8f7f4"
_PLACEHOLDER = re.compile(r'"([CDLW])"')
_PAGE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img" aria-label="{label}">\
<defs><radialGradient id="g" cx=".5" cy=".4" r=".8"><stop stop-color="#fff"/>\
<stop offset="1" stop-color="{background}"/></radialGradient></defs>\
<rect width="400" height="400" fill="url(#g)"/>\
<ellipse cx="200" cy="290" rx="118" ry="11" fill="#000" opacity=".1"/>\
<g transform="translate(80 56) scale(1.2)">{icon}</g>\
<g font-family="Helvetica,Arial,sans-serif" text-anchor="middle" fill="#2d3138">\
<text x="200" y="38" font-size="15" letter-spacing="3" opacity=".65">{brand}</text>\
<text x="200" y="338" font-size="21" font-weight="600">{first}</text>\
<text x="200" y="364" font-size="16" opacity=".75">{second}</text></g></svg>
"""


@cache
def _icons() -> dict[str, str]:
    with (DATA / "icons.toml").open("rb") as file:
        return tomllib.load(file)


def svg(item: Product) -> str:
    """Draw one product as an SVG document of at most 3 KB."""
    words = vocabulary()
    name = item.attributes.get("colour")
    colour = (
        words.colours.get(str(name))
        or words.colours[_FALLBACK[int(item.id.hex[:8], 16) % len(_FALLBACK)]]
    )
    shades = {
        "C": colour,
        "D": _mix(colour, "#16181d", 0.45),
        "L": _mix(colour, "#ffffff", 0.45),
        "W": _WHITE if name != "White" else "#ffffff",
    }
    if "line" in next(leaf for leaf in words.leaves if leaf.slug == item.category).fields:
        first, second = str(item.attributes["model"]), str(item.attributes["type"])
    else:
        first, _, second = item.name.partition(", " if ":" not in item.name else ": ")
    return _PAGE.format(
        label=escape(item.name),
        background=_BACKGROUND[words.path(item.category)[0]],
        icon=_PLACEHOLDER.sub(lambda match: f'"{shades[match[1]]}"', _icons()[item.category]),
        brand=escape(item.brand.upper()),
        first=escape(_short(first, 32)),
        second=escape(_short(second, 40)),
    )


def image_path(item: Product) -> str:
    """Name the picture of a product, relative to the root that is served."""
    return _path(item, svg(item))


def write(root: Path, seed: Iterable[Product]) -> int:
    """Draw pictures into a folder and return how many were new.

    Parameters
    ----------
    root
        Folder to be served; it is created, and pictures of other products in it stay.
    seed
        The products to draw.
    """
    (root / "products").mkdir(parents=True, exist_ok=True)
    written = 0
    for item in seed:
        content = svg(item)
        target = root / _path(item, content)
        if not target.exists():
            target.write_text(content, encoding="utf-8")
            written += 1
    return written


def _path(item: Product, content: str) -> str:
    return f"products/{item.sku}-{hashlib.sha256(content.encode()).hexdigest()[:10]}.svg"


def _mix(colour: str, other: str, share: float) -> str:
    pairs = ((int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip(" ,") + "…"


if __name__ == "__main__":
    # `python -m shop_local.seed.images --port N --root DIR` serves what this module drew.
    from shop_local.seed.static_server import main

    main()
