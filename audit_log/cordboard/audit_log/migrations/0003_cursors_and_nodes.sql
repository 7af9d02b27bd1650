-- Where named readers of the log stand, and which of several holds the pen.
create table ledger.cursor (
    name text primary key,
    owner text not null,
    lease_epoch bigint not null,
    position bigint not null,
    expires_at timestamptz not null
);

-- Processes that carry media and voice.
create table ledger.node (
    node_id text primary key,
    kind int not null,
    address text not null,
    boot_id text not null,
    capacity int not null,
    load int not null,
    draining boolean not null,
    expires_at timestamptz not null
);

-- Which node carries a call. A higher epoch fences the lower.
create table ledger.placement (
    call_id text collate "C" not null,
    kind int not null,
    placement_epoch bigint not null,
    request_id text not null unique,
    node_id text not null,
    placed_at timestamptz not null,
    primary key (call_id, kind, placement_epoch)
);
