-- Why a call may not be erased, and who said so.
alter table ledger.call_key
    add column hold_reason text,
    add column hold_by text,
    add column hold_at timestamptz,
    add check (legal_hold = (hold_reason is not null));
create index call_key_on_hold on ledger.call_key (tenant, call_id) where legal_hold;

-- Which keys are yet to be wrapped anew.
create index call_key_by_kek on ledger.call_key (tenant, kek_id, call_id) where wrapped_key is not null;

-- A destroyed key never comes back, and a key that is there is never forgotten by deleting its row.
create function ledger.refuse_resurrection() returns trigger language plpgsql as $$
begin
    if old.destroyed_at is not null and new.wrapped_key is not null then
        raise exception 'a destroyed key does not come back';
    end if;
    return new;
end $$;
create trigger no_resurrection before update on ledger.call_key
    for each row execute function ledger.refuse_resurrection();
create trigger append_only before delete on ledger.call_key for each row execute function ledger.refuse_change();
