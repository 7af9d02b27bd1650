"""Puts the record's parts together behind its three services."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cordboard.audit_log.anchor_verification import Anchorage
from cordboard.audit_log.anchor_witness import AnchorWitness
from cordboard.audit_log.anchors import AnchorStore
from cordboard.audit_log.call_keys import CallKeys
from cordboard.audit_log.call_opener import CallOpener
from cordboard.audit_log.calls import CallStore
from cordboard.audit_log.cursors import CursorStore
from cordboard.audit_log.draft import Opening
from cordboard.audit_log.erasure import Erasure
from cordboard.audit_log.event_store import EventStore
from cordboard.audit_log.key_admin_service import KeyAdminService
from cordboard.audit_log.key_service import KeyService
from cordboard.audit_log.keyring import KeyWrapper
from cordboard.audit_log.ledger_service import LedgerService
from cordboard.audit_log.memory.anchors import MemoryAnchors
from cordboard.audit_log.memory.calls import MemoryCalls
from cordboard.audit_log.memory.cursors import MemoryCursors
from cordboard.audit_log.memory.event_store import MemoryEventStore
from cordboard.audit_log.memory.nodes import MemoryNodes
from cordboard.audit_log.memory.stored_keys import MemoryKeys
from cordboard.audit_log.node_registry_service import NodeRegistryService
from cordboard.audit_log.nodes import NodeStore
from cordboard.audit_log.own_events import OwnEvents
from cordboard.audit_log.phi_journal import PhiJournal
from cordboard.audit_log.postgres.anchors import PostgresAnchors
from cordboard.audit_log.postgres.calls import PostgresCalls
from cordboard.audit_log.postgres.cursors import PostgresCursors
from cordboard.audit_log.postgres.database import Database
from cordboard.audit_log.postgres.event_store import PostgresEventStore
from cordboard.audit_log.postgres.nodes import PostgresNodes
from cordboard.audit_log.postgres.stored_keys import PostgresKeys
from cordboard.audit_log.stored_keys import KeyStore
from cordboard.audit_log.tenant_keys import TenantKeys
from cordboard.ledger.v1.key_admin_service_pb2_grpc import add_KeyAdminServiceServicer_to_server
from cordboard.ledger.v1.key_service_pb2_grpc import add_KeyServiceServicer_to_server
from cordboard.ledger.v1.ledger_service_pb2_grpc import add_LedgerServiceServicer_to_server
from cordboard.registry.v1.node_registry_service_pb2_grpc import add_NodeRegistryServiceServicer_to_server
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import TokenVerifier

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the record is kept."""

    events: EventStore
    calls: CallStore
    cursors: CursorStore
    nodes: NodeStore
    keys: KeyStore
    anchors: AnchorStore


def memory_stores(clock: Clock) -> Stores:
    """Keep everything in memory."""
    openings: dict[str, Opening] = {}
    keys = MemoryKeys()
    events = MemoryEventStore(clock, openings, keys)
    calls, cursors, nodes = MemoryCalls(openings), MemoryCursors(clock), MemoryNodes(clock)
    return Stores(events, calls, cursors, nodes, keys, MemoryAnchors(events))


def postgres_stores(database: Database, events: PostgresEventStore, clock: Clock) -> Stores:
    """Keep everything in PostgreSQL."""
    return Stores(
        events,
        PostgresCalls(database),
        PostgresCursors(database, clock),
        PostgresNodes(database, clock),
        PostgresKeys(database),
        PostgresAnchors(database),
    )


def add_services(  # a process puts its parts together once
    server: GrpcServer,
    stores: Stores,
    wrapper: KeyWrapper,
    source: str,
    clock: Clock,
    verifier: TokenVerifier,
    witness: AnchorWitness | None = None,
) -> None:
    """Add the ledger's services to a server; `source` is the name under which the ledger itself writes."""
    keys = CallKeys(stores.keys, wrapper)
    own = OwnEvents(stores.events, source, clock)
    signed = partial(verifier.signed, "ledger")
    anchorage = Anchorage(stores.anchors, signed, witness.kept if witness is not None else tuple)
    opener = CallOpener(stores.events, stores.calls, keys, source, clock)
    ledger = LedgerService(stores.events, opener, keys, stores.cursors, PhiJournal(own), anchorage)
    server.add(add_LedgerServiceServicer_to_server, ledger, "cordboard.ledger.v1.LedgerService")
    server.add(add_KeyServiceServicer_to_server, KeyService(keys, stores.events), "cordboard.ledger.v1.KeyService")
    erasure = Erasure(stores.events, stores.keys, keys, own, clock)
    tenant_keys = TenantKeys(stores.keys, keys, wrapper, own)
    key_admin = KeyAdminService(erasure, tenant_keys, stores.keys, verifier)
    server.add(add_KeyAdminServiceServicer_to_server, key_admin, "cordboard.ledger.v1.KeyAdminService")
    registry = NodeRegistryService(stores.nodes)
    server.add(add_NodeRegistryServiceServicer_to_server, registry, "cordboard.registry.v1.NodeRegistryService")
