/**
 * What a write has to know of a relation: how a row is found again, which constraints can fail and
 * what PostgreSQL would call them, and what SQLite refuses to compile. Whether a statement compiles
 * was tried by the process that read the schema; names are looked up in CREATE statements.
 */
import type { ForeignKey } from '../../../schema/catalog.ts'
import type { RawRelation, RawUnwritable } from '../wire/raw-catalog.ts'
import { rowidName } from '../wire/rowid-name.ts'
import { type CheckName, checkNames, declaredKeyNames, keyId } from './constraint-names.ts'

/** A key or unique index over columns alone. */
export interface UniqueKey {
  /** Declared, or what PostgreSQL would name it; a CREATE UNIQUE INDEX has the index's name. */
  readonly constraint: string
  readonly columns: readonly string[]
  readonly isPrimary: boolean
}

export interface WriteFacts {
  readonly kind: RawRelation['kind']
  /** The name by which a query reaches the rowid; null: it has none, or columns hide it. */
  readonly rowid: string | null
  /** `INTEGER PRIMARY KEY`: the column that is the rowid. */
  readonly rowidColumn: string | null
  readonly isAutoincrement: boolean
  readonly isWithoutRowid: boolean
  readonly isStrict: boolean
  /** Some key says `ON CONFLICT REPLACE` or the like: another row may go, or this one not come. */
  readonly hasConflictClause: boolean
  /** The primary key's columns, in its order; empty: none. */
  readonly primaryKey: readonly string[]
  /** The primary key first. */
  readonly uniqueKeys: readonly UniqueKey[]
  readonly checks: readonly CheckName[]
  /** From this relation; those whose parent is not there are left out. */
  readonly foreignKeys: readonly ForeignKey[]
  /** Computed by SQLite: never written. */
  readonly generatedColumns: ReadonlySet<string>
  /** What SQLite says of a statement that it does not compile; null: it compiles. */
  readonly insertRefusal: string | null
  readonly deleteRefusal: string | null
  /** By column that no UPDATE may set, generated ones apart. */
  readonly updateRefusals: ReadonlyMap<string, string>
}

export function writeFactsOf(
  relation: RawRelation,
  primaryKey: readonly string[],
  rowidColumn: string | null,
  foreignKeys: readonly ForeignKey[],
): WriteFacts {
  const { kind, name, columns, isWithoutRowid, isStrict, unwritable } = relation
  const isTable = kind === 'table'
  return {
    kind,
    rowid: kind === 'view' || isWithoutRowid ? null : rowidName(relation),
    rowidColumn,
    isAutoincrement: isTable && rowidColumn !== null && /\bAUTOINCREMENT\b/i.test(relation.sql),
    isWithoutRowid,
    isStrict,
    hasConflictClause: isTable && /\bON\s+CONFLICT\b/i.test(relation.sql),
    primaryKey,
    uniqueKeys: uniqueKeysOf(relation, primaryKey),
    checks: isTable ? checkNames(relation) : [],
    foreignKeys: foreignKeys.filter(({ origin }) => origin.name === name),
    generatedColumns: new Set(columns.flatMap((each) => (each.isGenerated ? [each.name] : []))),
    insertRefusal: unwritable.insert,
    deleteRefusal: unwritable.delete,
    updateRefusals: new Map(unwritable.update.map(({ column, cause }) => [column, cause])),
  }
}

/** Some column can be set. */
export function isUpdatable(
  columns: readonly { readonly isGenerated: boolean }[],
  unwritable: RawUnwritable,
): boolean {
  return unwritable.update.length < columns.filter((column) => !column.isGenerated).length
}

function uniqueKeysOf(relation: RawRelation, primaryKey: readonly string[]): readonly UniqueKey[] {
  if (relation.kind !== 'table') return []
  const { name } = relation
  const declared = declaredKeyNames(relation)
  const primary =
    primaryKey.length === 0
      ? []
      : [
          {
            constraint: declared.get('primary') ?? `${name}_pkey`,
            columns: primaryKey,
            isPrimary: true,
          },
        ]
  // whole indexes first: of several over the same columns, SQLite's message may mean any
  const wholeFirst = relation.uniqueIndexes.toSorted(
    (a, b) => Number(a.isPartial) - Number(b.isPartial),
  )
  const others = wholeFirst.flatMap(({ index, origin, columns }) => {
    if (origin === 'pk') return []
    const given = origin === 'c' ? index : declared.get(keyId(columns))
    const constraint = given ?? `${name}_${columns.join('_')}_key`
    return [{ constraint, columns, isPrimary: false }]
  })
  return [...primary, ...others]
}
