"""Elasticsearch 6.8, 7.17 and 8.19, OpenSearch 2.19 and 3.6: genuine, with few modules, one node, no security."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.services import java, maven, unprivileged
from tests.services.log4j import write_log4j
from tests.services.process import Server, answers, free_port

_HEAP = ("-Xms256m", "-Xmx256m")


class SearchServer(Server):
    """What they have in common. *settings* are added to the server's, or replace them."""

    distribution: ClassVar[maven.Artifact]
    settings_file: ClassVar[str] = "elasticsearch.yml"
    default_settings: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self, settings: Mapping[str, str] | None = None, *, port: int | None = None, folder: Path | None = None
    ) -> None:
        super().__init__(port=port, folder=folder)
        self._transport_port = free_port()
        self._settings = settings or {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return self.url

    @property
    def config_folder(self) -> Path:
        return self.folder / "config"

    @property
    def temporary_folder(self) -> Path:
        return self.folder / "tmp"

    def prepare(self) -> None:
        self.home()
        self.config_folder.mkdir(exist_ok=True)
        self.temporary_folder.mkdir(exist_ok=True)
        settings = {
            "node.name": "test",
            "discovery.type": "single-node",
            "network.host": "127.0.0.1",
            "http.port": str(self.port),
            "transport.port": str(self._transport_port),
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            # A test machine may well have a disk that's over 90 % full.
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            **self.default_settings,
            **self._settings,
        }
        lines = (f"{key}: {value}\n" for key, value in settings.items())
        (self.config_folder / self.settings_file).write_text("".join(lines))
        write_log4j(self.config_folder)
        unprivileged.give(self.folder)

    def user(self) -> int | None:
        return unprivileged.user()

    def is_ready(self) -> bool:
        return answers(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s")

    def home(self) -> Path:
        """The unpacked distribution, where the server's user can read it."""
        return unprivileged.reachable(maven.unpacked(self.distribution), self.folder)


class _PlainJavaServer(SearchServer):
    """Started as a main class on the wheel's Java: the start script would run three more JVMs first."""

    main_class: ClassVar[str]
    prefix: ClassVar[str]
    java_options: ClassVar[tuple[str, ...]] = ()
    security_manager: ClassVar[tuple[str, ...]] = ("-Djava.security.manager=allow",)

    def java_home(self) -> Path:
        """The Java that it runs on."""
        return java.home()

    def command(self) -> list[str]:
        home = self.home()
        java_home = unprivileged.reachable(self.java_home(), self.folder)
        options = [
            *_HEAP,
            *java.ALWAYS,
            *java.FAST_START,
            *self.java_options,
            "-Djna.nosys=true",
            # Without this, log4j's shutdown hook and the server's wait for each other on SIGTERM.
            "-Dlog4j.shutdownHookEnabled=false",
            "-Dlog4j2.disable.jmx=true",
            "-Djava.locale.providers=SPI,COMPAT",
            *self.security_manager,
            "--add-opens=java.base/java.io=ALL-UNNAMED",
            f"-Djava.io.tmpdir={self.temporary_folder}",
            f"-D{self.prefix}.path.home={home}",
            f"-D{self.prefix}.path.conf={self.config_folder}",
            f"-D{self.prefix}.distribution.type=zip",
            f"-D{self.prefix}.bundled_jdk=false",
        ]
        return [str(java_home / "bin" / "java"), *options, "-cp", f"{home}/lib/*", self.main_class]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "LIBFFI_TMPDIR": str(self.temporary_folder)}


class Elasticsearch7(_PlainJavaServer):
    """Elasticsearch 7.17, which needs nothing but Python."""

    name = "elasticsearch"
    distribution = maven.Artifact(
        "org.elasticsearch.distribution.integ-test-zip",
        "elasticsearch",
        "7.17.29",
        "841ee00be1a72ba8e707b5a2fb55f23fe7a4184369b4585393238b1c903eedaf",
        extension="zip",
    )
    default_settings = {"xpack.security.enabled": "false"}
    main_class = "org.elasticsearch.bootstrap.Elasticsearch"
    prefix = "es"
    java_options = ("-Des.distribution.flavor=default",)


class Elasticsearch6(_PlainJavaServer):
    """Elasticsearch 6.8, the last that has mapping types; needs nothing but Python."""

    name = "elasticsearch6"
    distribution = maven.Artifact(
        "org.elasticsearch.distribution.integ-test-zip",
        "elasticsearch",
        "6.8.23",
        "d0499f7103d10c16c4cb575a796a509578053f21130979eda5745968f28b9928",
        extension="zip",
    )
    main_class = "org.elasticsearch.bootstrap.Elasticsearch"
    prefix = "es"
    java_options = ("-Des.distribution.flavor=oss",)


class OpenSearch(_PlainJavaServer):
    """OpenSearch 2.19, which needs nothing but Python."""

    name = "opensearch"
    distribution = maven.Artifact(
        "org.opensearch.distribution.integ-test-zip",
        "opensearch",
        "2.19.6",
        "71d6d8b1c637f3faecda0752b184b1cc526fc6eaad59ec1408c6327bb00b9293",
        extension="zip",
    )
    settings_file = "opensearch.yml"
    main_class = "org.opensearch.bootstrap.OpenSearch"
    prefix = "opensearch"
    # Its security manager refuses threads of the common pool unless they are made by this factory.
    java_options = (
        (
            "-Djava.util.concurrent.ForkJoinPool.common.threadFactory"
            "=org.opensearch.secure_sm.SecuredForkJoinWorkerThreadFactory"
        ),
    )


class OpenSearch3(_PlainJavaServer):
    """OpenSearch 3.6, which needs a Java that is newer than Debian's and has modules that the wheel lacks."""

    name = "opensearch3"
    distribution = maven.Artifact(
        "org.opensearch.distribution.integ-test-zip",
        "opensearch",
        "3.6.0",
        "a91faa1dc1cadc78cb278b4f63847e19e1627a4e9de698e14e7efc14ee37b286",
        extension="zip",
    )
    settings_file = "opensearch.yml"
    main_class = "org.opensearch.bootstrap.OpenSearch"
    prefix = "opensearch"
    security_manager = ()  # an agent does its work; Java 24 and later refuse the option

    def java_home(self) -> Path:
        return java.full_home(range(21, 26))

    def command(self) -> list[str]:
        program, *rest = super().command()
        return [program, f"-javaagent:{self.home()}/agent/opensearch-agent.jar", *rest]


class Elasticsearch8(SearchServer):
    """Elasticsearch 8.19, which needs a Java with modules that the wheel lacks."""

    name = "elasticsearch8"
    distribution = maven.Artifact(
        "org.elasticsearch.distribution.integ-test-zip",
        "elasticsearch",
        "8.19.21",
        "215d5f3dbf0609a149f6218a9e47b6ae2df34ebbff3c5754e35f15a5e5393c8a",
        extension="zip",
    )
    default_settings = {"xpack.security.enabled": "false", "xpack.security.enrollment.enabled": "false"}

    def prepare(self) -> None:
        options = self.config_folder / "jvm.options.d" / "test.options"
        options.parent.mkdir(parents=True, exist_ok=True)
        options.write_text("\n".join((*_HEAP, *java.ALWAYS, *java.FAST_START)) + "\n")
        distributed = self.home() / "config" / "jvm.options"
        (self.config_folder / "jvm.options").write_bytes(distributed.read_bytes())
        java.full_home()
        super().prepare()

    def command(self) -> list[str]:
        return [str(self.home() / "bin" / "elasticsearch")]

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ES_JAVA_HOME": str(unprivileged.reachable(java.full_home(), self.folder)),
            "ES_PATH_CONF": str(self.config_folder),
            "ES_TMPDIR": str(self.temporary_folder),
        }
