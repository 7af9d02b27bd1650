-- Emptying a table changes the record as much as deleting its rows; row triggers do not see it.
create function ledger.refuse_truncate() returns trigger language plpgsql as $$
begin
    if coalesce(current_setting('ledger.maintenance', true), '') = 'on' then
        return null;
    end if;
    raise exception 'the record is append-only (set ledger.maintenance = ''on'' to empty tables on purpose)';
end $$;

-- A partition can be emptied by itself, so each has the trigger of its own.
do $$
declare
    one regclass;
begin
    for one in
        select 'ledger.event'::regclass union all select relid from pg_partition_tree('ledger.event') where level > 0
        union all values ('ledger.stream'::regclass), ('ledger.call'::regclass), ('ledger.call_key'::regclass)
    loop
        execute format(
            'create trigger no_truncation before truncate on %s for each statement execute function ledger.refuse_truncate()',
            one
        );
    end loop;
end $$;

-- A call that was opened is never forgotten, or one deleted whole would not be missed.
create trigger append_only before delete on ledger.call for each row execute function ledger.refuse_change();
