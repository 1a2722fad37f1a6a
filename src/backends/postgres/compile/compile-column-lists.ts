/**
 * The columns of a read whose rows come as one JSON list for each column in place of one text.
 * PostgreSQL looks up how to print a value for each value of each row when it makes objects of rows,
 * and once for each column when it makes lists of columns, which is two to three times as fast. The
 * body that clients receive is woven of the lists (`execute/weave-rows.ts`).
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { ReadNode, ReadPlan, SelectColumn } from '../../../plan/plan.ts'
import type { Relation } from '../../../schema/schema-snapshot.ts'
import { ident, qualified, type SqlText, sql } from '../../sql/sql-text.ts'
import { rows } from './compile-postgres-body.ts'

export interface ListColumns {
  /** Keys of the answer's objects, in their order, which is that of the lists. */
  readonly names: readonly string[]
  /** What column `star` says while `*` stands for the columns that it is taken for; null: no `*`. */
  readonly star: string | null
  /** `star` and the lists, as columns of the statement's one row. */
  readonly columns: readonly SqlText[]
}

/** PostgreSQL cuts names that are longer, in bytes. */
const maxNameBytes = 63

/** A row of PostgreSQL has no more than 1,664 columns. */
const maxLists = 1600

/**
 * Null where the body is something else than a list of objects, or where what its objects have for
 * keys is not known beforehand.
 *
 * @param relation the plan's relation, whose columns `*` is taken for
 */
export function compileColumnLists(
  plan: ReadPlan,
  relation: Relation | undefined,
): ListColumns | null {
  const { encoder, type } = plan.media
  if (encoder.kind !== 'json' || encoder.stripNulls || type.kind === 'plan') return null
  const starNames = relation === undefined ? null : [...relation.columns.keys()]
  const names = namesOf(plan.root, starNames)
  if (names === null || !areSafe(names)) return null
  const lists = names.map((name) => sql`json_agg(${rows}.${ident(name)})`)
  if (starNames === null || !readsStar(plan.root)) {
    return { names, star: null, columns: [sql`null::text AS star`, ...lists] }
  }
  const star = sql`(SELECT row_to_json(star.*) FROM (SELECT (null::${qualified(plan.relation)}).*) star) AS star`
  return { names, star: starText(starNames), columns: [star, ...lists] }
}

/** Twice the same key cannot be told apart by name. */
function areSafe(names: readonly string[]): boolean {
  return (
    names.length > 0 &&
    names.length <= maxLists &&
    new Set(names).size === names.length &&
    names.every((name) => Buffer.byteLength(name) <= maxNameBytes && !name.includes('\0'))
  )
}

/** The names of a node's columns in the order of `compileRead`; null: not all of them are known. */
function namesOf(
  { select, children }: ReadNode,
  starNames: readonly string[] | null,
): readonly string[] | null {
  const names: string[] = []
  if (select.length === 0 && children.length === 0) return starNames
  for (const column of select) {
    if (!isStar(column)) names.push(column.alias ?? column.field.name)
    else if (starNames !== null) names.push(...starNames)
    else return null
  }
  for (const child of children) {
    const embedded = namesOfEmbed(child)
    if (embedded === null) return null
    names.push(...embedded)
  }
  return names
}

function namesOfEmbed({ join }: ReadNode): readonly string[] | null {
  if (join === null) throw new Error('a child without a join')
  const { output } = join
  switch (output.kind) {
    case 'object':
    case 'array':
      return output.isEmpty ? [] : [output.name]
    case 'spread-one':
    case 'spread-many': {
      const names = output.columns.map((column) => column.alias ?? column.name)
      return names.includes('*') ? null : names
    }
    default:
      return assertNever(output)
  }
}

function readsStar({ select, children }: ReadNode): boolean {
  return (select.length === 0 && children.length === 0) || select.some(isStar)
}

function isStar({ field, aggregate }: SelectColumn): boolean {
  return field.name === '*' && !field.isFullRow && aggregate === null
}

/** Shape   `{"id":null,"name":null}` */
function starText(names: readonly string[]): string {
  return `{${names.map((name) => `${JSON.stringify(name)}:null`).join(',')}}`
}
