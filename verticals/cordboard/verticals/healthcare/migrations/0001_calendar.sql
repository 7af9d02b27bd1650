-- The clinic's calendar: the tenant's own system of record, the one place where names and numbers stand in clear.
create table provider (
    provider_id bigint generated always as identity primary key,
    tenant text not null,
    name text not null,
    unique (tenant, name)
);

create table opening (
    opening_id bigint generated always as identity primary key,
    tenant text not null,
    provider_id bigint not null references provider,
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    unique (provider_id, starts_at)
);
create index opening_by_start on opening (tenant, starts_at);

create table appointment (
    appointment_id bigint generated always as identity primary key,
    tenant text not null,
    -- One appointment per opening: whoever comes second is told that it is taken.
    opening_id bigint not null unique references opening,
    call_id text not null,
    name text not null,
    callback_number text not null,
    reason text not null,
    urgency text not null,
    booked_at timestamptz not null default now()
);

-- Effect once: a tool call that is repeated finds its own row and is given the result it had.
create table tool_call (
    tool_call_id text primary key,
    tool text not null,
    arguments jsonb not null,
    result jsonb,
    done_at timestamptz not null default now()
);
