/** Pairs of columns along which two relations join → that both have the same value in each. */
import type { ColumnPair } from '../../schema/relationships/relationship.ts'
import { ident, type SqlText, sql } from './sql-text.ts'

export function equalColumns(
  pairs: readonly ColumnPair[],
  left: SqlText,
  right: SqlText,
): readonly SqlText[] {
  return pairs.map(([a, b]) => sql`${left}.${ident(a)} = ${right}.${ident(b)}`)
}
