/**
 * What values are sorted by that would sort by their spelling otherwise: dates, times and uuids by the
 * moment, or the digits, that they stand for, documents as `jsonb`.
 */
import { type SqlText, sql } from '../../sql/sql-text.ts'
import { sortsByValue } from '../../values/stored-form.ts'
import type { SqliteValue } from './sqlite-value.ts'

/** Null where the value itself sorts as PostgreSQL would sort it. */
export function sortKey({ sql: text, kind, storedForm }: SqliteValue): SqlText | null {
  if (kind === 'json' || kind === 'document') return documentKey(text)
  if (storedForm === undefined || sortsByValue(storedForm)) return null
  switch (kind) {
    case 'date':
      return sql`dbrest_day(${text})`
    case 'time':
      return sql`dbrest_time(${text})`
    case 'timestamp':
      return sql`dbrest_instant(${text})`
    case 'uuid':
      return uuidDigits(text)
    default:
      return null
  }
}

/** What holds no JSON is null. */
export function documentKey(text: SqlText): SqlText {
  return sql`dbrest_json_key(CASE WHEN json_valid(${text}, 10) THEN json(${text}) END)`
}

/** In small letters, without hyphens and braces. */
export function uuidDigits(text: SqlText): SqlText {
  return sql`CASE typeof(${text}) WHEN 'blob' THEN lower(hex(${text})) ELSE lower(replace(replace(replace(${text}, '-', ''), '{', ''), '}', '')) END`
}
