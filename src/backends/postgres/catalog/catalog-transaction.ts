/**
 * The transaction in which catalogs are read: one snapshot, read only, bounded by a limit of ours
 * and by no setting of the login role, whose `statement_timeout` is meant for requests.
 */
import type { ControlBatch, ControlQuery, ControlStatement } from '../connect/control-connection.ts'

/** What asks for catalogs: a connection for a while. */
export interface CatalogSession {
  readonly query: ControlQuery
  readonly batch: ControlBatch
}

/**
 * How long what reads catalogs waits for a lock on one, which `VACUUM FULL` of it takes: the
 * connection is needed for other questions meanwhile.
 */
const catalogLockTimeout = '1s'

// An empty search path makes PostgreSQL qualify the names that it prints. JIT compilation of a
// catalog query would take longer than running it. So would planning: from one load to the next only
// the lists of oids differ, and the plan for any list serves all of them, prepared or not.
// transaction_timeout is there since PostgreSQL 17.
const settingsSql = `
select set_config('search_path', '', true), set_config('lock_timeout', '${catalogLockTimeout}', true),
  set_config('quote_all_identifiers', 'off', true), set_config('bytea_output', 'hex', true),
  set_config('jit', 'off', true), set_config('cursor_tuple_fraction', '1', true),
  set_config('plan_cache_mode', 'force_generic_plan', true),
  set_config('statement_timeout', $1, true),
  set_config('idle_in_transaction_session_timeout', '0', true),
  case when current_setting('transaction_timeout', true) is not null
    then set_config('transaction_timeout', '0', true) end`

/**
 * Statements that begin it, to be sent ahead of others in one batch.
 *
 * @param limitMs for each statement; 0: none
 */
export function beginCatalogs(limitMs: number): readonly [ControlStatement, ControlStatement] {
  return [
    { text: 'begin isolation level repeatable read read only' },
    { text: settingsSql, params: [String(Math.ceil(limitMs))], isPrepared: true },
  ]
}
