/**
 * Texts that are part of a request's shape, such as the names of members, written into the statement:
 * they cross to a process once with it, and are not bound again for each request.
 */
import { constant, raw, type SqlText } from '../../sql/sql-text.ts'

/** Shape   `it's` → `'it''s'`; what cannot stand in a statement is bound */
export function textLiteral(text: string): SqlText {
  return text.includes('\0') ? constant(text) : raw(`'${text.replaceAll("'", "''")}'`)
}
