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

/** What one list holds. */
export interface ListedColumn {
  /** Key in the answer's objects. */
  readonly name: string
  /**
   * Stored JSON text, which may begin with blanks of its own. What else is an object or a list has a line
   * feed and a blank in front of it, which are PostgreSQL's.
   */
  readonly isStoredJson: boolean
}

export interface ListColumns {
  /** In the order of the answer's keys and of the lists. */
  readonly listed: readonly ListedColumn[]
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
  const listed = listedOf(plan.root, relation)
  if (listed === null || !areSafe(listed.map(({ name }) => name))) return null
  const lists = listed.map(({ name }) => sql`json_agg(${rows}.${ident(name)})`)
  if (relation === undefined || !readsStar(plan.root)) {
    return { listed, star: null, columns: [sql`null::text AS star`, ...lists] }
  }
  const star = sql`(SELECT row_to_json(star.*) FROM (SELECT (null::${qualified(plan.relation)}).*) star) AS star`
  return { listed, star: starText([...relation.columns.keys()]), columns: [star, ...lists] }
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

/** A node's columns in the order of `compileRead`; null: not all of them are known. */
function listedOf(node: ReadNode, relation: Relation | undefined): readonly ListedColumn[] | null {
  const all = [...(relation?.columns.values() ?? [])].map(({ name, baseType }) => {
    return { name, isStoredJson: baseType === storedJson }
  })
  if (relation === undefined && readsStar(node)) return null
  if (node.select.length === 0 && node.children.length === 0) return all
  const own = node.select.flatMap((column) =>
    isStar(column)
      ? all
      : {
          name: column.alias ?? column.field.name,
          isStoredJson: isStoredJson(column, relation),
        },
  )
  const embedded: ListedColumn[] = []
  for (const child of node.children) {
    const columns = listedOfEmbed(child)
    if (columns === null) return null
    embedded.push(...columns)
  }
  return [...own, ...embedded]
}

const storedJson = 'json'

function isStoredJson(
  { field, cast, aggregate }: SelectColumn,
  relation: Relation | undefined,
): boolean {
  if (aggregate !== null) return false
  if (cast !== null) return cast.trim().toLowerCase() === storedJson
  // a domain's representation is JSON text that a function has made
  if (field.transform !== null) return true
  // what an arrow takes out of JSON text begins without blanks
  if (field.jsonPath.length > 0) return false
  return (relation?.computedTypes.get(field.name) ?? field.baseType) === storedJson
}

/** Documents and lists of embeds are `jsonb`, which is printed without blanks in front. */
function listedOfEmbed(child: ReadNode): readonly ListedColumn[] | null {
  if (child.join === null) throw new Error('a child without a join')
  const { output } = child.join
  switch (output.kind) {
    case 'object':
    case 'array':
      return output.isEmpty ? [] : [{ name: output.name, isStoredJson: false }]
    case 'spread-one': {
      const inner = listedOf(child, undefined)
      if (inner === null) return null
      const stored = new Set(inner.flatMap((each) => (each.isStoredJson ? [each.name] : [])))
      return output.columns.map(({ name, alias, aggregate }) => ({
        name: alias ?? name,
        isStoredJson: aggregate === null && stored.has(name),
      }))
    }
    case 'spread-many':
      if (output.columns.some(({ name }) => name === '*')) return null
      return output.columns.map(({ name, alias }) => ({
        name: alias ?? name,
        isStoredJson: false,
      }))
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
