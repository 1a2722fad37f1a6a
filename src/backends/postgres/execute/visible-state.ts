/**
 * The state of a database that a statement sees, as a text: where it is the same as before, nothing
 * that was read before would be found otherwise now. It is the snapshot that PostgreSQL gives each
 * statement, which moves with every transaction that has written, and the server's start, since
 * another server counts its own transactions. Reading it costs next to nothing.
 *
 * On a standby the text does not name all transactions that are under way. So there it tells a state
 * only while there are none, and null stands for one that is like no other.
 */
import type { BatchStep, StepResult } from '../protocol/postgres-connection.ts'

const sql = `select pg_catalog.concat_ws(' ',
  extract(epoch from pg_catalog.pg_postmaster_start_time()), pg_catalog.pg_is_in_recovery(), state)
from pg_catalog.pg_current_snapshot() as state
where not pg_catalog.pg_is_in_recovery() or pg_catalog.pg_snapshot_xmin(state)::pg_catalog.text
  operator(pg_catalog.=) pg_catalog.pg_snapshot_xmax(state)::pg_catalog.text`

/** Asks for the state. As the first step of a transaction it tells that of the transaction's beginning. */
export function stateStep(config: { readonly dbPreparedStatements: boolean }): BatchStep {
  return { text: sql, params: [], types: [], isPrepared: config.dbPreparedStatements, keep: 'rows' }
}

/** Null: nothing that was read can be told to be as it was. */
export function stateIn(result: StepResult | undefined): string | null {
  return result?.rows[0]?.[0]?.toString('latin1') ?? null
}
