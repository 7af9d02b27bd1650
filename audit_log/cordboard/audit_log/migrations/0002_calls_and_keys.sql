-- Which request became which call. Unique here is what makes a start idempotent.
create table ledger.call (
    call_id text collate "C" primary key,
    tenant text not null,
    request_id text not null,
    token_id text,
    args_digest bytea not null,
    vertical text not null,
    opened_at timestamptz not null,
    unique (tenant, request_id)
);
create unique index call_token on ledger.call (token_id) where token_id is not null;

-- Data keys, wrapped. Destroying one erases the call's PHI everywhere.
create table ledger.call_key (
    call_id text collate "C" primary key,
    tenant text not null,
    kek_id text not null,
    wrapped_key bytea,
    legal_hold boolean not null default false,
    destroyed_at timestamptz,
    check (destroyed_at is null or not legal_hold),
    check ((wrapped_key is null) = (destroyed_at is not null))
);
