-- Signed statements of how far each stream had come; `heads` is what the root was computed from.
create table ledger.anchor (
    number bigint primary key check (number > 0),
    anchored_at timestamptz not null,
    position bigint not null,
    streams int not null,
    root bytea not null check (octet_length(root) = 32),
    previous bytea not null check (octet_length(previous) = 32),
    signature bytea not null,
    heads bytea not null
);
create trigger append_only before update or delete on ledger.anchor
    for each row execute function ledger.refuse_change();
create trigger no_truncation before truncate on ledger.anchor
    for each statement execute function ledger.refuse_truncate();
