/**
 * What a server finds of the schema mark, by one small query: the mark and what is needed to trust
 * it, or what is wrong with it in words for an operator.
 */
import { BackendFailure } from '../../../errors/backend-failure.ts'
import type { ControlQuery } from '../connect/control-connection.ts'
import { eventTriggers, markComment } from './mark-script.ts'

/** A mark that can be trusted: every later change of the schema moves it. */
export interface Mark {
  /** The exclusive or of all marks, a bigint in digits. */
  readonly value: string
  /**
   * Which database it was read in, and since when its server runs: a restored copy or another server
   * may have the same mark, which says nothing there.
   */
  readonly database: string
  /** Rows that can be folded into one. */
  readonly rows: number
}

export type MarkReading =
  | { readonly kind: 'found'; readonly mark: Mark }
  /** `cause`: a sentence, without its full stop. */
  | { readonly kind: 'unfit'; readonly cause: string }
  | { readonly kind: 'absent' }

/** What stands in the way of reading a table that may not be there. */
const unreadable: ReadonlyMap<string, MarkReading> = new Map([
  ['42P01', { kind: 'absent' }],
  ['3F000', { kind: 'absent' }],
  ['42703', { kind: 'unfit', cause: 'its table has other columns' }],
  ['42501', { kind: 'unfit', cause: 'its table must not be read (42501)' }],
])

/** A missing table is an error that the server logs: it is looked for before it is read. */
const lookSql = `select to_regclass('dbrest.schema_mark') is not null as is_there`

const triggerList = eventTriggers.map((name) => `'${name}'`).join(', ')

const markSql = `select
  (select count(*) from pg_catalog.pg_event_trigger
    where evtname in (${triggerList}) and evtenabled = 'A'
      and evtfoid = pg_catalog.to_regproc('dbrest.mark_change'))::text as triggers,
  pg_catalog.obj_description('dbrest.schema_mark'::regclass, 'pg_class') as version,
  pg_catalog.bit_xor(m.mark)::text as value, pg_catalog.count(*)::text as rows,
  (select oid || '.' || extract(epoch from pg_catalog.pg_postmaster_start_time())
    from pg_catalog.pg_database where datname = pg_catalog.current_database()) as database
from dbrest.schema_mark m`

/**
 * Reads the mark. `isExpected`: it was there the last time, so that it is read without looking first.
 *
 * Errors  rejects with BackendFailure when the server cannot be asked
 */
export async function readMark(query: ControlQuery, isExpected: boolean): Promise<MarkReading> {
  try {
    if (!isExpected) {
      const [look] = await query(lookSql)
      if (look?.['is_there'] !== 't') return { kind: 'absent' }
    }
    const [row] = await query(markSql)
    return judge(row ?? {})
  } catch (failure) {
    const found = unreadable.get(sqlStateOf(failure) ?? '')
    if (found === undefined) throw failure
    return found
  }
}

function judge(row: Readonly<Record<string, string | null>>): MarkReading {
  const { triggers, version, value, rows, database } = row
  if (version !== markComment) {
    return { kind: 'unfit', cause: 'it is of another version: run dbrest schema-mark install' }
  }
  if (Number(triggers) !== eventTriggers.length) {
    const cause = `not both event triggers (${eventTriggers.join(', ')}) are there and enabled always`
    return { kind: 'unfit', cause }
  }
  if (typeof value !== 'string' || typeof database !== 'string') {
    return { kind: 'unfit', cause: 'its table is empty' }
  }
  return { kind: 'found', mark: { value, database, rows: Number(rows) } }
}

/** The SQLSTATE that the server refused something with; null: it failed otherwise. */
export function sqlStateOf(failure: unknown): string | null {
  return failure instanceof BackendFailure && failure.error.kind === 'database'
    ? failure.error.failure.sqlState
    : null
}
