-- Human agents, calls that wait for them, and who is set aside for whom.

-- `state` is what the agent does, `wanted` what the desk wants once nothing stands against it.
create table routing.agent (
    tenant text not null,
    agent_id text collate "C" not null,
    state text not null check (state in ('READY', 'NOT_READY', 'RESERVED', 'BUSY', 'WRAP_UP')),
    reason text not null,
    skills text[] not null,
    queues text[] not null,
    epoch bigint not null,
    session_id text not null,
    since timestamptz not null,
    idle_since timestamptz not null,
    wanted text not null check (wanted in ('READY', 'NOT_READY')),
    wanted_reason text not null,
    said_seq bigint not null,
    changes bigint not null,
    primary key (tenant, agent_id)
) with (fillfactor = 70);
create index agent_ready on routing.agent (tenant) where state = 'READY';
create index agent_wrapping_up on routing.agent (since) where state = 'WRAP_UP';

create table routing.queue_entry (
    call_id text collate "C" primary key,
    tenant text not null,
    queue text not null,
    skills text[] not null,
    priority int not null,
    ordinal bigint not null,
    enqueued_at timestamptz not null,
    passed_over text[] not null,
    state text not null check (state in ('WAITING', 'OFFERED', 'TAKEN', 'OVER'))
) with (fillfactor = 70);
create index queue_entry_waiting on routing.queue_entry (tenant) where state = 'WAITING';
create index queue_entry_done on routing.queue_entry (enqueued_at) where state in ('TAKEN', 'OVER');

create table routing.reservation (
    tenant text not null,
    agent_id text collate "C" not null,
    epoch bigint not null check (epoch > 0),
    call_id text collate "C" not null,
    made_at timestamptz not null,
    expires_at timestamptz not null,
    state text not null check (state in ('OFFERED', 'CONFIRMED', 'OVER')),
    reason text not null,
    primary key (tenant, agent_id, epoch)
) with (fillfactor = 70);
-- Whatever the program does: no agent has two reservations, no call rings two agents.
create unique index reservation_of_agent on routing.reservation (tenant, agent_id) where state <> 'OVER';
create unique index reservation_offered on routing.reservation (call_id) where state = 'OFFERED';
create index reservation_of_call on routing.reservation (call_id) where state <> 'OVER';
create index reservation_due on routing.reservation (expires_at) where state <> 'OVER';
create index reservation_done on routing.reservation (made_at) where state = 'OVER';

-- What is still to be told; written with the change that it tells of.
create table routing.notice (
    number bigint generated always as identity primary key,
    kind text not null check (kind in ('STATE', 'RESERVED', 'WITHDRAWN')),
    tenant text not null,
    agent_id text collate "C" not null,
    call_id text not null,
    epoch bigint not null,
    payload bytea not null,
    made_at timestamptz not null,
    said_seq bigint not null
);
create index notice_of_reservation on routing.notice (tenant, agent_id, epoch);
