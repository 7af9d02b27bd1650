-- The record: one row per event, streams of rows, and the one writer's place.

-- Who may write: the appender with the newest epoch. `position` is the last one given out.
create table ledger.shard (
    shard int primary key,
    epoch bigint not null default 0,
    position bigint not null default 0
);
insert into ledger.shard (shard) values (0);

-- Newest end of each stream.
create table ledger.stream (
    kind text not null,
    id text collate "C" not null,
    tenant text not null,
    retention_class text not null,
    shard int not null references ledger.shard,
    seq bigint not null,
    hash bytea not null check (octet_length(hash) = 32),
    primary key (kind, id)
) with (fillfactor = 70);
create index stream_of_tenant on ledger.stream (kind, tenant, id desc);

create table ledger.event (
    stream_kind text not null,
    stream_id text collate "C" not null,
    seq bigint not null check (seq > 0),
    position bigint not null,
    tenant text not null,
    retention_class text not null,
    shard int not null,
    leg_id text not null,
    turn_id text not null,
    causation_stream text not null,
    causation_seq bigint not null,
    trace_id text not null,
    actor text not null,
    source text not null,
    source_seq bigint not null,
    media_us bigint not null,
    build_id text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    type text not null,
    body bytea not null,
    -- PHI under the call's key: nonce, ciphertext, tag. Its digest stays when the ciphertext is removed.
    sealed bytea,
    sealed_digest bytea,
    dedupe bytea not null,
    prev_hash bytea not null,
    hash bytea not null
) partition by list (retention_class);

-- The first column of each index is the one that tells streams apart.
create unique index event_place on ledger.event (stream_id, seq, stream_kind, retention_class);
create unique index event_number on ledger.event (stream_id, source, source_seq, stream_kind, retention_class);
create index event_position on ledger.event (position);

-- Calls: by day of their UUIDv7, so that a day's calls are dropped at once. The days are made by the ledger itself.
create table ledger.event_standard partition of ledger.event for values in ('standard') partition by range (stream_id);
create table ledger.event_internal partition of ledger.event for values in ('internal');

-- The record is append-only. Whoever changes a row on purpose says so first: set ledger.maintenance = 'on'.
create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
    if coalesce(current_setting('ledger.maintenance', true), '') = 'on' then
        return case tg_op when 'DELETE' then old else new end;
    end if;
    raise exception 'the record is append-only (set ledger.maintenance = ''on'' to change rows on purpose)';
end $$;
create trigger append_only before update or delete on ledger.event
    for each row execute function ledger.refuse_change();
