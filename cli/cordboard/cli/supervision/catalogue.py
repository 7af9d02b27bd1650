"""What runs in a folder: the servers, and the engine's processes with what each may know."""

from functools import partial
from signal import SIGINT

from cordboard.cli.supervision.engine_process import EngineProcess, Role
from cordboard.cli.supervision.object_store import BUCKET, ObjectStore
from cordboard.cli.supervision.port_book import PortBook
from cordboard.cli.supervision.postgres import PostgresServer
from cordboard.cli.supervision.service import Service
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.cli.supervision.temporal_server import NAMESPACE, TemporalServer

_LEDGER = ("CORDBOARD_LEDGER",)
_TEMPORAL = ("CORDBOARD_TEMPORAL", "CORDBOARD_TEMPORAL_NAMESPACE")
_S3 = ("CORDBOARD_S3_ENDPOINT", "CORDBOARD_S3_CREDENTIALS_FILE", "CORDBOARD_S3_BUCKET")
_POSTGRES = ("CORDBOARD_POSTGRES_URL_FILE",)
_VERTICAL = ("CORDBOARD_VERTICAL_POSTGRES_URL_FILE",)

ROLES = {
    role.component: role
    for role in (
        Role("ledger", "cordboard.audit_log", needs=("postgres",), settings=_POSTGRES),
        Role(
            "media-node",
            "cordboard.media_node",
            needs=("ledger-1", "s3"),
            settings=(*_LEDGER, *_S3),
            stop_signal=SIGINT,
        ),
        Role("voice-agent", "cordboard.voice_agent", needs=("ledger-1",), settings=_LEDGER),
        Role(
            "worker",
            "cordboard.activities",
            needs=("ledger-1", "temporal", "s3"),
            settings=(*_LEDGER, *_TEMPORAL, *_S3, *_POSTGRES, *_VERTICAL),
        ),
        Role(
            "wrap-up",
            "cordboard.activities.wrap_up",
            needs=("ledger-1", "temporal", "s3"),
            settings=(*_LEDGER, *_TEMPORAL, *_S3, *_POSTGRES, "CORDBOARD_S3_RETENTION_DAYS"),
        ),
        Role(
            "gateway",
            "cordboard.gateway",
            needs=("ledger-1", "temporal"),
            settings=(*_LEDGER, *_TEMPORAL, "CORDBOARD_WRAP_UP"),
            serves_http=True,
        ),
    )
}


def servers(directory: StateDirectory, ports: PortBook) -> list[Service]:
    """Describe the servers from outside."""
    return [PostgresServer(directory, ports), ObjectStore(directory, ports), TemporalServer(directory, ports)]


def processes(directory: StateDirectory, ports: PortBook, counts: dict[str, int]) -> list[Service]:
    """Describe the engine's processes, `counts[component]` of each kind (1 where nothing is said)."""
    return [
        EngineProcess(role, number, directory, ports, partial(shared_settings, directory, ports, role.component))
        for role in ROLES.values()
        for number in range(1, counts.get(role.component, 1) + 1)
    ]


def shared_settings(directory: StateDirectory, ports: PortBook, component: str) -> dict[str, str]:
    """Give the settings by which a component finds the servers and the other processes, as they are now."""
    postgres, store = PostgresServer(directory, ports), ObjectStore(directory, ports)
    return {
        "CORDBOARD_LEDGER": ports.address("ledger-1.grpc"),
        "CORDBOARD_WRAP_UP": ports.address("wrap-up-1.grpc"),
        "CORDBOARD_TEMPORAL": ports.address("temporal.grpc"),
        "CORDBOARD_TEMPORAL_NAMESPACE": NAMESPACE,
        "CORDBOARD_POSTGRES_URL_FILE": str(postgres.url_file("ledger" if component == "ledger" else "worker")),
        "CORDBOARD_VERTICAL_POSTGRES_URL_FILE": str(postgres.url_file("vertical")),
        "CORDBOARD_S3_ENDPOINT": f"http://{ports.address('s3.http')}",
        "CORDBOARD_S3_CREDENTIALS_FILE": str(store.credentials_file),
        "CORDBOARD_S3_BUCKET": BUCKET,
        "CORDBOARD_S3_RETENTION_DAYS": "1",
    }
