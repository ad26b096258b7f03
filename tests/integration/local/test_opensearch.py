"""The local OpenSearch node: real, on loopback, with verified jars, and optional."""

import hashlib
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from shop_local import processes
from shop_local.services import RunningServices, opensearch_jars, opensearch_java
from shop_local.services.base import ServiceError
from tests.support.laptop import LazyServices
from tests.support.processes import listening

ENGLISH = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0},
    "mappings": {
        "properties": {
            "name": {"type": "text", "analyzer": "english"},
            "suggest": {"type": "search_as_you_type"},
        }
    },
}


def call(method: str, url: str, body: object = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def test_it_stems_forgives_typos_and_completes_words(opensearch_url: str) -> None:
    index = f"{opensearch_url}/local-words"
    call("PUT", index, ENGLISH)
    try:
        name = "Running shoes"
        call("PUT", f"{index}/_doc/1?refresh=true", {"name": name, "suggest": name})
        typo = {"match": {"name": {"query": "shoez", "fuzziness": "AUTO"}}}
        begun = {
            "multi_match": {
                "query": "running sh",
                "type": "bool_prefix",
                "fields": ["suggest", "suggest._2gram"],
            }
        }
        for query in ({"match": {"name": "shoe"}}, typo, begun):
            assert call("POST", f"{index}/_search", {"query": query})["hits"]["total"]["value"] == 1
    finally:
        call("DELETE", index)


def test_an_older_version_never_replaces_a_newer_one(opensearch_url: str) -> None:
    index = f"{opensearch_url}/local-versions"
    call("PUT", index, ENGLISH)
    try:
        call("PUT", f"{index}/_doc/1?version=7&version_type=external", {"name": "new"})
        with pytest.raises(urllib.error.HTTPError, match="409"):
            call("PUT", f"{index}/_doc/1?version=6&version_type=external", {"name": "old"})
    finally:
        call("DELETE", index)


def test_a_killed_node_restarts_on_its_port_with_its_documents(
    laptop: LazyServices, opensearch_url: str
) -> None:
    index = f"{opensearch_url}/local-crash"
    call("PUT", index, ENGLISH)
    try:
        call("PUT", f"{index}/_doc/1", {"name": "kept"})
        laptop.kill("opensearch")
        laptop.start("opensearch")
        assert laptop.service("opensearch").url() == opensearch_url
        assert call("GET", f"{index}/_doc/1")["_source"] == {"name": "kept"}
    finally:
        call("DELETE", index)


def test_it_listens_on_loopback_only_within_its_memory(
    laptop: LazyServices, opensearch_url: str
) -> None:
    record = processes.find(laptop.state, "opensearch")
    process = record.process() if record else None
    assert process
    sockets = listening([process])
    assert {found.address for found in sockets} == {"127.0.0.1"}
    assert len(sockets) == 2, "one port for HTTP, one for its own protocol"
    assert process.memory_info().rss < 900 * 2**20


def test_a_warm_cache_needs_no_network(
    monkeypatch: pytest.MonkeyPatch, opensearch_url: str
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr(opensearch_jars, "_fetch", refused)
    monkeypatch.setattr(opensearch_jars, "_make_environment", lambda report: None)
    assert len(opensearch_jars.find(print)) == len(
        opensearch_jars.locked(opensearch_jars.FOLDER / "jgo.lock.toml")
    )


def test_the_lock_names_a_digest_for_every_jar_and_no_host() -> None:
    lock = opensearch_jars.FOLDER / "jgo.lock.toml"
    digests = opensearch_jars.locked(lock)
    assert "opensearch-3.3.2.jar" in digests
    assert {len(digest) for digest in digests.values()} == {64}
    assert "://" not in lock.read_text()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository that serves one jar."""

    def resolve(work: Path) -> None:
        jars = work / "jars/modules"
        jars.mkdir(parents=True)
        (jars / "search-1.0.jar").write_bytes(b"classes")

    monkeypatch.setattr(opensearch_jars, "_resolve", resolve)
    monkeypatch.setattr(opensearch_jars, "_make_environment", lambda report: None)


def find_locked_as(content: bytes, folder: Path) -> list[Path]:
    lock = folder / "jgo.lock.toml"
    lock.write_text(
        '[[dependencies]]\nartifactId = "search"\nversion = "1.0"\n'
        f'sha256 = "{hashlib.sha256(content).hexdigest()}"\n'
    )
    return opensearch_jars.find(print, lock=lock, cache=folder / "cache")


@pytest.mark.usefixtures("repository")
def test_a_jar_with_another_digest_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"search-1\.0\.jar is refused: its SHA-256 digest is"):
        find_locked_as(b"other classes", tmp_path)
    assert list((tmp_path / "cache").rglob("*.jar")) == []


@pytest.mark.usefixtures("repository")
def test_a_jar_with_the_locked_digest_is_kept(tmp_path: Path) -> None:
    assert [jar.read_bytes() for jar in find_locked_as(b"classes", tmp_path)] == [b"classes"]


def test_a_jar_that_the_lock_does_not_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"other\.jar is refused: jgo\.lock\.toml does not name"):
        opensearch_jars.check({"other.jar": tmp_path / "other.jar"}, {})


def test_an_unreachable_repository_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(report: object) -> None:
        raise ServiceError("Its jars could not be fetched: no route to host\nand a page of details")

    monkeypatch.setattr(opensearch_jars, "find", unreachable)
    stack = RunningServices(tmp_path, ["opensearch"]).start_all(progress=True)
    line = "left out, PostgreSQL answers searches: Its jars could not be fetched: no route to host"
    assert capsys.readouterr().out.splitlines() == [f"  OpenSearch     {line}"]
    assert "a page of details" in stack.state.log("opensearch").read_text()
    assert stack.environment == {"SHOP_OPENSEARCH_URL": ""}


def test_off_leaves_it_out_and_another_node_is_used_as_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHOP_OPENSEARCH", "off")
    stack = RunningServices(tmp_path, ["opensearch"]).start_all()
    assert "SHOP_OPENSEARCH=off" in stack.service("opensearch").absent
    assert stack.environment == {"SHOP_OPENSEARCH_URL": ""}
    monkeypatch.delenv("SHOP_OPENSEARCH")
    monkeypatch.setenv("SHOP_OPENSEARCH_URL", "http://search.example:9200")
    stack = RunningServices(tmp_path, ["opensearch"]).start_all()
    assert not stack.service("opensearch").running()
    assert stack.environment == {"SHOP_OPENSEARCH_URL": "http://search.example:9200"}


@pytest.mark.parametrize(("words", "version"), [("21.0.8", 21), ("17.0.15", 17), ("1.8.0_392", 1)])
def test_a_machines_java_is_asked_for_its_version(tmp_path: Path, words: str, version: int) -> None:
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{words}\" 2025-07-15' >&2\n")
    java.chmod(0o755)
    assert opensearch_java.version(java) == version


def test_a_node_starts_from_archived_classes(laptop: LazyServices, opensearch_url: str) -> None:
    record = processes.find(laptop.state, "opensearch")
    process = record.process() if record else None
    assert process
    archives = [word for word in process.cmdline() if word.startswith("-XX:SharedArchiveFile=")]
    if not archives:
        pytest.skip("this machine's Java has made no archive of classes")
    archive = archives[0].partition("=")[2]
    assert any(mapped.path == archive for mapped in process.memory_maps())


def test_a_failure_to_archive_classes_is_not_retried_and_does_no_harm(
    tmp_path: Path,
) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\nexit 1\n")
    java.chmod(0o755)
    (tmp_path / "opensearch").mkdir()
    archive = opensearch_java.ClassArchive(java, [tmp_path / "one.jar"], tmp_path)
    names = tmp_path / "classes.list"
    assert archive.options(names) == [f"-XX:DumpLoadedClassList={names}"]
    names.write_text("java/lang/Object id: 0\n")
    archive.make(names, print)
    assert archive.options(names) == []
