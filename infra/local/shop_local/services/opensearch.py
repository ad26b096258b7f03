"""OpenSearch: one real node; if it is not available, PostgreSQL answers searches."""

import hashlib
import json
import os
import shutil
import urllib.request
from pathlib import Path
from typing import Final, override

import psutil

from shop_local import ports
from shop_local.paths import State
from shop_local.services import opensearch_jars, opensearch_java
from shop_local.services.base import Command, Service, ServiceError

#: What the shop's index needs. Scripting alone would take a third of the time to start.
_MODULES: Final = (
    "org.opensearch.transport.Netty4ModulePlugin",
    "org.opensearch.analysis.common.CommonAnalysisModulePlugin",
    "org.opensearch.index.mapper.MapperExtrasModulePlugin",
    "org.opensearch.index.reindex.ReindexModulePlugin",
    "org.opensearch.index.rankeval.RankEvalModulePlugin",
)
#: The runner refuses others.
_PORTS: Final = range(9200, 9300)
_NEEDED_MIB: Final = 700


class OpenSearch(Service):
    """The search index: without a password, but reachable from this machine only."""

    name = "opensearch"
    title = "OpenSearch"
    setting = "SHOP_OPENSEARCH_URL"

    def __init__(self, state: State) -> None:
        super().__init__(state)
        # Distinguishes this stack's node from another's that took the port first.
        digest = hashlib.sha256(str(state.folder).encode()).hexdigest()
        self._cluster = f"shop-{digest[:12]}"
        self._off = os.environ.get("SHOP_OPENSEARCH", "").strip().lower() == "off"

    @override
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @override
    def settings(self) -> dict[str, str]:
        if self.external or self.running():
            return super().settings()
        return {self.setting: ""}

    @override
    def reserve_port(self) -> None:
        if not self._off:
            self.port = ports.port_for(self.state, self.name, _PORTS)
            ports.port_for(self.state, "opensearch-transport")

    @override
    def start(self) -> bool:
        self.absent = ""
        if self._off:
            self.stop()
            self.absent = "left out, as SHOP_OPENSEARCH=off says: PostgreSQL answers searches"
            return False
        try:
            started = super().start()
            if started and self._names.exists():
                # The first start of a checkout was only to see which classes a start needs.
                self.stop()
                self._archive.make(self._names, self.report)
                super().start()
        except (ServiceError, OSError) as error:
            reason, *details = str(error).splitlines()
            with self.state.log(self.name).open("a") as log:
                log.write("\n".join([reason, *details]) + "\n")
            self.absent = f"left out, PostgreSQL answers searches: {reason}"
            return False
        return started

    @override
    def install(self) -> None:
        available = psutil.virtual_memory().available >> 20
        if available < _NEEDED_MIB:
            raise ServiceError(f"It needs {_NEEDED_MIB} MiB of memory, {available} MiB are free.")
        self._jars = opensearch_jars.find(self.report)
        self._java = opensearch_java.find()
        self._archive = opensearch_java.ClassArchive(self._java, self._jars)

    @property
    def _names(self) -> Path:
        return self.state.data_of(self.name) / "classes.list"

    @override
    def prepare(self) -> None:
        self._names.unlink(missing_ok=True)
        configuration = self.state.data_of(self.name) / "config"
        configuration.mkdir(exist_ok=True)
        shutil.copy(opensearch_jars.FOLDER / "log4j2.properties", configuration)
        common = (opensearch_jars.FOLDER / "opensearch.yml").read_text()
        transport = ports.remembered(self.state)["opensearch-transport"]
        (configuration / "opensearch.yml").write_text(f"{common}transport.port: {transport}\n")

    @override
    def command(self) -> Command:
        folder = self.state.data_of(self.name)
        return Command(
            [
                *(self._java, *opensearch_java.OPTIONS, "-XX:-UsePerfData"),
                *self._archive.options(self._names),
                "-Djava.net.preferIPv4Stack=true",
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.locale.providers=CLDR,SPI",
                f"-Djava.io.tmpdir={folder}",
                "-cp",
                os.pathsep.join(map(str, self._jars)),
                "org.codelibs.opensearch.runner.OpenSearchRunner",
                *("-basePath", folder, "-confPath", folder / "config"),
                *("-numOfNode", "1", "-clusterName", self._cluster),
                # It counts its nodes from one.
                *("-baseHttpPort", str(self.port - 1)),
                *("-moduleTypes", ",".join(_MODULES)),
            ]
        )

    @override
    def probe(self) -> None:
        address = f"{self.url()}/_cluster/health?wait_for_status=yellow&timeout=5s"
        with urllib.request.urlopen(address, timeout=10) as response:
            health = json.load(response)
        if health["cluster_name"] != self._cluster:
            raise ConnectionError(f"port {self.port} was taken by {health['cluster_name']}")
