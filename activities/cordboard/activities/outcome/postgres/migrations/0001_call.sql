create table outcome.call (
    call_id        uuid        primary key,
    tenant         text        not null,
    vertical       text        not null,
    disposition    text        not null,
    end_reason     text        not null,
    intent         text        not null,
    mood           text        not null,
    sentiment      real        not null,
    lead_score     smallint    not null,
    escalated      boolean     not null,
    urgency        smallint    not null,
    worst_mos      real,
    tools_intended integer     not null,
    tools_ok       integer     not null,
    offered_at     timestamptz not null,
    ended_at       timestamptz not null,
    follow_up      text        not null,
    follow_up_reason text      not null,
    resolved_at    timestamptz,
    resolved_by    text        not null default '',
    derived_at     timestamptz not null default now(),
    -- cordboard.call.v1.Outcome without PHI, and its PHI sealed under the call's key.
    body           bytea       not null,
    sealed         bytea       not null
);

create index follow_up_by_urgency on outcome.call (tenant, urgency desc, ended_at, call_id) where follow_up = 'OPEN';
create index outcome_by_end on outcome.call (tenant, ended_at desc);
