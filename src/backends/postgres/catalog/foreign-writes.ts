/**
 * Which writes foreign tables take. Only their wrapper knows, and only pg_relation_is_updatable
 * asks it, under a lock: so the question is put apart from the load, leaves out tables that a
 * migration holds, and gives up soon. Tables without an answer are open: the caller is to ask again.
 */
import { BackendFailure } from '../../../errors/backend-failure.ts'
import type { ControlQuery } from '../connect/control-connection.ts'
import { numberIn } from './catalog-row.ts'
import type { Writes } from './view-updatability.ts'

// a lock that is still waited for blocks the requests behind it, so locked tables are left out
const unlockedSql = `
select x.oid, pg_relation_is_updatable(x.oid, true) as events
from unnest($1::oid[]) as x(oid)
where not exists (
  select from pg_catalog.pg_locks l
  where l.locktype = 'relation' and l.relation = x.oid and l.mode = 'AccessExclusiveLock'
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
)`

// 1 << CMD_UPDATE, CMD_INSERT, CMD_DELETE
const updateEvent = 4
const insertEvent = 8
const deleteEvent = 16

/**
 * In a transaction of its own.
 *
 * Shape   null for a table that could not be asked about now
 * Errors  rejects with BackendFailure for anything but a lock that could not be had in time
 */
export async function readForeignWrites(
  query: ControlQuery,
  oids: readonly number[],
  limitMs: number,
): Promise<ReadonlyMap<number, Writes | null>> {
  const writes = new Map<number, Writes | null>(oids.map((oid) => [oid, null]))
  if (oids.length > 0) {
    await query('begin read only')
    try {
      await query(
        `select set_config('lock_timeout', '100ms', true), set_config('statement_timeout', $1, true)`,
        [String(Math.ceil(limitMs))],
      )
      for (const row of await query(unlockedSql, [`{${oids.join()}}`])) {
        const events = numberIn(row, 'events')
        writes.set(numberIn(row, 'oid'), {
          insert: (events & insertEvent) !== 0,
          update: (events & updateEvent) !== 0,
          delete: (events & deleteEvent) !== 0,
        })
      }
    } catch (cause) {
      if (!isLockTimeout(cause)) throw cause
    }
    await query('rollback')
  }
  return writes
}

function isLockTimeout(cause: unknown): boolean {
  return (
    cause instanceof BackendFailure &&
    cause.error.kind === 'database' &&
    cause.error.failure.sqlState === '55P03'
  )
}
