"""Pictures are small, valid and named by content; the server serves only its folder, with its cache rules."""

import http.client
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop_local.seed.catalog import products
from shop_local.seed.images import image_path, svg, write
from shop_local.seed.static_server import main, serve
from tests.support.serving import serving


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    base = tmp_path_factory.mktemp("static")
    (base / "secret.txt").write_text("secret")
    root = base / "root"
    write(root, products(2))
    (root / "style.css").write_text("body {}")
    server = serve(root, 0)
    with serving(server):
        yield root, server.server_port


def get(
    port: int, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_each_picture_is_valid_and_small() -> None:
    for item in products():
        picture = svg(item)
        assert len(picture.encode()) <= 3_072
        label = ET.fromstring(picture).get("aria-label")
        assert label == item.name


def test_pictures_are_named_by_content_and_drawn_once(tmp_path: Path) -> None:
    assert write(tmp_path, products(50)) == 50
    assert write(tmp_path, products(50)) == 0
    assert all((tmp_path / image_path(item)).is_file() for item in products(50))


def test_images_are_cached_for_30_days(address: tuple[Path, int]) -> None:
    _, port = address
    status, headers, body = get(port, "/" + image_path(next(products(1))))
    assert status == 200
    assert headers["content-type"] == "image/svg+xml"
    assert headers["cache-control"] == "public, max-age=2592000, immutable"
    assert body.startswith(b"<svg")


def test_other_files_are_cached_for_90_days(address: tuple[Path, int]) -> None:
    _, port = address
    status, headers, _ = get(port, "/style.css?v=2")
    assert (status, headers["cache-control"]) == (200, "public, max-age=7776000, immutable")


def test_a_known_etag_is_answered_with_304(address: tuple[Path, int]) -> None:
    _, port = address
    etag = get(port, "/style.css")[1]["etag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        status, headers, body = get(port, "/style.css", **{"If-None-Match": known})
        assert (status, body, headers["etag"]) == (304, b"", etag)
    assert get(port, "/style.css", **{"If-None-Match": '"other"'})[0] == 200


def test_head_has_the_length_and_no_body(address: tuple[Path, int]) -> None:
    _, port = address
    status, headers, body = get(port, "/style.css", method="HEAD")
    assert (status, headers["content-length"], body) == (200, "7", b"")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/products/../../secret.txt",
        "//etc/passwd",
        "/%00",
        "/..%5csecret.txt",
        "/products",
        "/",
        "/none.svg",
    ],
)
def test_what_is_not_a_file_of_the_folder_is_404(address: tuple[Path, int], path: str) -> None:
    _, port = address
    status, headers, body = get(port, path)
    assert (status, headers["content-type"]) == (404, "application/problem+json")
    assert json.loads(body)["code"] == "file_not_found"


def test_links_that_lead_out_of_the_folder_are_404(address: tuple[Path, int]) -> None:
    root, port = address
    (root / "link.txt").symlink_to(root.parent / "secret.txt")
    assert get(port, "/link.txt")[0] == 404


def test_a_missing_folder_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--port", "0", "--root", str(tmp_path / "none")])
    assert "is not a folder" in capsys.readouterr().err
