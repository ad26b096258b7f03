"""The report in a real browser: on a phone, in dark, printed."""

from pathlib import Path

import pytest

from shop.entrypoints.commands.templates import read_template
from shop.services.finance.floor import floor
from shop.services.finance.report import Report
from shop.services.finance.report_page import page
from shop_local.paths import INFRASTRUCTURE
from tests.support.browser import first_pixel, measured, run
from tests.support.finance import shipped_prices
from tests.support.report import a_report

_OVERFLOWING = """({
    body: page.documentElement.scrollWidth,
    charts: [...page.querySelectorAll('svg text')].filter(text => {
        const box = text.getBoundingClientRect(), chart = text.ownerSVGElement.getBoundingClientRect();
        return box.left < chart.left - 1 || box.right > chart.right + 1;
    }).map(text => text.textContent),
    colliding: [...page.querySelectorAll('svg')].flatMap(svg => {
        const boxes = [...svg.querySelectorAll('text')].map(text => [text, text.getBoundingClientRect()]);
        return boxes.flatMap(([one, a], n) => boxes.slice(n + 1).filter(([, b]) =>
            a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom
        ).map(([other]) => one.textContent + ' / ' + other.textContent));
    }),
    sizes: [...new Set([...page.querySelectorAll('body *')].filter(e => e.textContent.trim())
        .map(e => parseFloat(page.defaultView.getComputedStyle(e).fontSize)))],
    styled: page.defaultView.getComputedStyle(page.querySelector('.figures')).display,
})"""


def _with_floor(report: Report) -> Report:
    """Add the floor that the templates declare, at the shipped prices."""
    templates = {path.name: read_template(path) for path in INFRASTRUCTURE.glob("*.yaml")}
    prices = shipped_prices()
    declared = floor(templates, prices, {"data.yaml": {"Preset": "large"}})
    return report._replace(economics=report.economics._replace(floor=declared, prices=prices))


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("days", [1, 7, 30, 366])
def test_everything_has_its_place(tmp_path: Path, width: int, days: int) -> None:
    found = measured(tmp_path, page(_with_floor(a_report(days=days))), width, _OVERFLOWING)

    assert found["body"] <= width
    assert found["charts"] == []
    assert found["colliding"] == []
    assert min(found["sizes"]) >= 12
    assert found["styled"] == "grid"


@pytest.mark.parametrize(("scheme", "paper"), [(1, (255, 255, 255)), (0, (17, 22, 28))])
def test_light_and_dark(tmp_path: Path, scheme: int, paper: tuple[int, int, int]) -> None:
    document, picture = tmp_path / "page.html", tmp_path / "page.png"
    document.write_text(page(a_report()))

    flags = (f"--blink-settings=preferredColorScheme={scheme}", "--window-size=1280,400")
    run(tmp_path, document, f"--screenshot={picture}", *flags)

    assert first_pixel(picture.read_bytes()) == paper


def test_printed(tmp_path: Path) -> None:
    document, printed = tmp_path / "page.html", tmp_path / "page.pdf"
    html = page(_with_floor(a_report()))
    document.write_text(html)
    # A footer that is one would be repeated on every page, as if it were the total of that page.
    assert "tfoot { display: table-row-group; }" in html[html.index("@media print") :]

    flags = ("--blink-settings=preferredColorScheme=0", "--no-pdf-header-footer")
    run(tmp_path, document, f"--print-to-pdf={printed}", *flags)

    pdf = printed.read_bytes()
    assert pdf.startswith(b"%PDF-")
    # The table of thirty days, which the screen folds, is on them.
    assert 3 <= pdf.count(b"/Type /Page\n") <= 7
