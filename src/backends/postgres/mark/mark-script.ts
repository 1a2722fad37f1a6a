/**
 * The SQL of the schema mark: a table in which two event triggers leave a random number at every
 * statement that changes the schema. The exclusive or of all numbers is the state of the schema: it
 * does not depend on their order, so that a migration that commits late moves it as well, and rows
 * can be folded into one without moving it.
 *
 * Beside it is a table in which servers tell each other that they have checked the catalogs
 * (`shared-check.ts`). It came later, and servers do without it where it is not: the version is the same.
 *
 * `dbrest schema-mark print` shows it, `install-mark.ts` runs it. Any of it may be run again.
 */
import { fleetChannel } from '../connect/peer-words.ts'

/** Whoever changes what is installed counts it up: servers then ask for the new one. */
const markVersion = '1'

/** Where the version is written down; `pg_dump` takes it along. */
export const markComment = `dbrest schema mark, version ${markVersion}`

export const eventTriggers = ['dbrest_ddl', 'dbrest_drop'] as const

/** By which servers tell each other of their checks. */
export const checkFunctions = [
  'read_check(text)',
  'tell_check(text, text, float8, float8)',
] as const

/** One statement, and what it does in words that follow `to`. */
export interface ScriptStep {
  readonly purpose: string
  readonly sql: string
}

/** Kinds of objects whose making and changing can mean something to a snapshot. */
const markedKinds = [
  'AGGREGATE',
  'DOMAIN',
  'EXTENSION',
  'FOREIGN TABLE',
  'FUNCTION',
  'MATERIALIZED VIEW',
  'PROCEDURE',
  'RULE',
  'SCHEMA',
  'SEQUENCE',
  'SERVER',
  'TABLE',
  'TRIGGER',
  'TYPE',
  'VIEW',
] as const

/** Indexes, ANALYZE, TRUNCATE, REFRESH and the like are left out: no snapshot depends on them. */
const markedTags = [
  ...markedKinds.flatMap((kind) => [`CREATE ${kind}`, `ALTER ${kind}`]),
  'ALTER ROUTINE',
  'COMMENT',
  'CREATE CAST',
  'CREATE TABLE AS',
  'GRANT',
  'IMPORT FOREIGN SCHEMA',
  'REVOKE',
  'SELECT INTO',
]

const tagList = markedTags.map((tag) => `'${tag}'`).join(', ')

/** A row whose time is farther ahead than this is of a clock that was wrong. */
export const mostAheadMs = 1000

/** Bytes of what a server tells: a UUID with a number, and a role with a digest. */
const longestToken = 100
const longestView = 200

const randomMark = `hashtextextended(gen_random_uuid()::text, 0)`

/**
 * - `made_by` lets a transaction that changes the schema itself see whether anybody else did.
 * - The key is there for publications of all tables, where nothing could be deleted without one.
 * - A pg_notify makes PREPARE TRANSACTION fail, so nothing is told where transactions can be prepared.
 * - The functions run as their owner: whoever changes the schema needs no right to this one.
 * - The table of checks is unlogged: what it says is of no use after a crash, or to a replica or a
 *   subscriber, and none of them is sent it. It cannot be read in recovery, where all transactions are
 *   read only; and who may not tell is told nothing.
 * - Functions that are there already are granted to nobody: whom they were revoked from stays without. New
 *   ones are everybody's by default, and are made so where default privileges say otherwise.
 * - A role's rows are its own: no other login tells its servers anything. The name is quoted where it
 *   has blanks, so that no name and view together are those of another.
 */
export const installSteps: readonly ScriptStep[] = [
  { purpose: 'create the schema dbrest', sql: `create schema if not exists dbrest` },
  {
    purpose: 'create the table of marks',
    sql: `create table if not exists dbrest.schema_mark (
  id bigint generated always as identity primary key,
  mark bigint not null,
  made_by xid8 not null default pg_catalog.pg_current_xact_id()
)`,
  },
  {
    purpose: 'let every role call the functions that are new',
    sql: `alter default privileges in schema dbrest grant execute on functions to public`,
  },
  {
    purpose: 'create the function that marks',
    sql: `create or replace function dbrest.mark_change() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_event = 'sql_drop' then
    if not exists (
      select from pg_event_trigger_dropped_objects()
      where not is_temporary and object_type <> 'index'
        and coalesce(schema_name, '') !~ '^pg_toast' and object_identity !~ ' on pg_temp(_\\d+)?\\.'
    ) then return; end if;
  elsif not exists (
    select from pg_event_trigger_ddl_commands() where coalesce(schema_name, '') !~ '^pg_temp'
  ) then return;
  end if;
  insert into dbrest.schema_mark (mark) values (${randomMark});
  if current_setting('max_prepared_transactions') = '0' then
    perform pg_notify('${fleetChannel}', '');
  end if;
end $$`,
  },
  {
    purpose: 'create the function with which a server marks a change that no trigger saw',
    sql: `create or replace function dbrest.move_mark() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into dbrest.schema_mark (mark) values (${randomMark});
$$`,
  },
  {
    purpose: 'create the function that folds marks into one',
    sql: `create or replace function dbrest.prune_marks() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with gone as (
    delete from dbrest.schema_mark
    where id in (select id from dbrest.schema_mark order by id for update skip locked)
    returning mark
  )
  insert into dbrest.schema_mark (mark) select bit_xor(mark) from gone having count(*) > 0;
$$`,
  },
  {
    purpose: 'create the table of checks',
    sql: `create unlogged table if not exists dbrest.schema_check (
  view text primary key,
  token text not null,
  checked_at timestamptz not null
)`,
  },
  {
    purpose: 'create the function that reads who has checked the catalogs',
    sql: `create or replace function dbrest.read_check(of_view text)
returns table (token text, age_ms float8, read_at float8)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  moment timestamptz := clock_timestamp();
begin
  if current_setting('transaction_read_only') = 'on' then return; end if;
  return query
    select c.token, extract(epoch from moment - c.checked_at)::float8 * 1000,
      extract(epoch from moment)::float8
    from (select) one
    left join dbrest.schema_check c on c.view = format('%I %s', session_user, of_view);
end $$`,
  },
  {
    purpose: 'create the function with which a server tells that it has checked the catalogs',
    sql: `create or replace function dbrest.tell_check(
  of_view text, own_token text, read_at float8, period_ms float8
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  moment timestamptz := clock_timestamp();
  is_told boolean;
begin
  if current_setting('transaction_read_only') = 'on' or octet_length(own_token) > ${longestToken}
    or octet_length(of_view) > ${longestView} then return false; end if;
  insert into dbrest.schema_check as c (view, token, checked_at)
  values (format('%I %s', session_user, of_view), own_token, least(to_timestamp(read_at), moment))
  on conflict (view) do update set token = excluded.token, checked_at = excluded.checked_at
  where split_part(c.token, '.', 1) = split_part(excluded.token, '.', 1)
    or c.checked_at not between moment - make_interval(secs => period_ms / 1000)
      and moment + interval '${mostAheadMs} ms';
  is_told := found;
  delete from dbrest.schema_check where view in (
    select c.view from dbrest.schema_check c
    where c.checked_at < moment - interval '1 day' for update skip locked
  );
  return is_told;
exception when serialization_failure then return false;
end $$`,
  },
  {
    purpose: 'leave default privileges as they were',
    sql: `alter default privileges in schema dbrest revoke execute on functions from public`,
  },
  {
    purpose: 'let every role read the mark',
    sql: `grant usage on schema dbrest to public`,
  },
  {
    purpose: 'let every role read the mark',
    sql: `grant select on dbrest.schema_mark to public`,
  },
  ...eventTriggers.map((name) => ({
    purpose: `take away the event trigger ${name} of an earlier installation`,
    sql: `drop event trigger if exists ${name}`,
  })),
  {
    purpose: 'create the event trigger dbrest_ddl',
    sql: `create event trigger dbrest_ddl on ddl_command_end
  when tag in (${tagList})
  execute function dbrest.mark_change()`,
  },
  {
    purpose: 'create the event trigger dbrest_drop',
    sql: `create event trigger dbrest_drop on sql_drop execute function dbrest.mark_change()`,
  },
  // tools set session_replication_role = replica, under which other triggers rest
  ...eventTriggers.map((name) => ({
    purpose: `have the event trigger ${name} always fire`,
    sql: `alter event trigger ${name} enable always`,
  })),
  // what happened while the triggers were away or disabled was not marked
  { purpose: 'move the mark', sql: `select dbrest.move_mark()` },
  {
    purpose: 'write down the version',
    sql: `comment on table dbrest.schema_mark is '${markComment}'`,
  },
]

/** Objects of others in the schema are a reason to stop: nothing is dropped by cascade. */
export const removeSteps: readonly ScriptStep[] = [
  ...eventTriggers.map((name) => ({
    purpose: `drop the event trigger ${name}`,
    sql: `drop event trigger if exists ${name}`,
  })),
  ...['mark_change()', 'move_mark()', 'prune_marks()', ...checkFunctions].map((signature) => ({
    purpose: `drop the function dbrest.${signature}`,
    sql: `drop function if exists dbrest.${signature}`,
  })),
  ...['schema_mark', 'schema_check'].map((name) => ({
    purpose: `drop the table dbrest.${name}`,
    sql: `drop table if exists dbrest.${name}`,
  })),
  { purpose: 'drop the schema dbrest', sql: `drop schema if exists dbrest` },
]

/** The whole installation, for a migration tool to carry: to be run in one transaction. */
export function markScript(): string {
  const statements = installSteps.map(({ sql }) => `${sql};\n`).join('\n')
  return `-- ${markComment}; run it in one transaction, as a role that may create event triggers\n\n${statements}`
}
