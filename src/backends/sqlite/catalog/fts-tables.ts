/**
 * Reads the definitions of full-text tables (FTS5): what they index, and for which relation. One
 * that indexes another table's rows is that relation's index; one with content of its own is a
 * relation that can be searched; one without content can answer nothing but row numbers.
 */
import type { RawRelation } from '../wire/raw-catalog.ts'
import { rowidName } from '../wire/rowid-name.ts'
import { isKeyword, listItems, type SqlToken, tokenizeSql } from '../wire/sqlite-tokens.ts'
import type { FtsIndex } from './sqlite-facts.ts'

export interface FtsTable {
  readonly name: string
  readonly columns: ReadonlySet<string>
  readonly content:
    | { readonly kind: 'own' }
    | { readonly kind: 'none' }
    | { readonly kind: 'external'; readonly table: string; readonly rowid: string | null }
}

/** Null for a relation that is no FTS5 table. */
export function readFtsTable(relation: RawRelation): FtsTable | null {
  if (relation.kind !== 'virtual') return null
  const tokens = tokenizeSql(relation.sql)
  const using = tokens.findIndex((each) => isKeyword(each, 'USING'))
  if (!isKeyword(tokens[using + 1], 'FTS5')) return null
  const items = listItems(tokens.slice(using + 2))
  const options = new Map(
    items.filter(isOption).map(([name, , value]) => [name?.text.toLowerCase(), value?.text ?? '']),
  )
  const columns = items
    .filter(
      (item) => !isOption(item) && !item.slice(1).some((each) => isKeyword(each, 'UNINDEXED')),
    )
    .flatMap(([name]) => (name === undefined ? [] : [name.text]))
  return {
    name: relation.name,
    columns: new Set(columns),
    content: contentOf(options.get('content'), options.get('content_rowid')),
  }
}

function isOption(item: readonly SqlToken[]): boolean {
  return item[1]?.kind === 'symbol' && item[1].text === '='
}

function contentOf(content: string | undefined, rowid: string | undefined): FtsTable['content'] {
  if (content === undefined) return { kind: 'own' }
  return content === ''
    ? { kind: 'none' }
    : { kind: 'external', table: content, rowid: rowid ?? null }
}

/** Those through which nothing is found, with the reason: a search has to lead to rows. */
export function uselessFtsTables(
  tables: readonly FtsTable[],
  relations: readonly RawRelation[],
): readonly { readonly name: string; readonly cause: string }[] {
  return tables.flatMap(({ name, content }) => {
    if (content.kind === 'own') return []
    if (content.kind === 'none') {
      return [{ name, cause: 'a full-text table without content has row numbers only' }]
    }
    return findRelation(relations, content.table) === undefined
      ? [{ name, cause: `the relation that it indexes, ${content.table}, is not served` }]
      : []
  })
}

function findRelation(relations: readonly RawRelation[], name: string): RawRelation | undefined {
  return relations.find((each) => each.name.toLowerCase() === name.toLowerCase())
}

/** By the relation that each index serves; indexes of relations that are not there are dropped. */
export function ftsIndexes(
  tables: readonly FtsTable[],
  relations: readonly RawRelation[],
): ReadonlyMap<string, readonly FtsIndex[]> {
  const byRelation = new Map<string, FtsIndex[]>()
  for (const { name, columns, content } of tables) {
    if (content.kind === 'none') continue
    const wanted = content.kind === 'own' ? name : content.table
    const relation = findRelation(relations, wanted)
    if (relation === undefined) continue
    const keyColumn =
      (content.kind === 'external' ? content.rowid : null) ?? rowidName(relation) ?? 'rowid'
    const index = { table: name, keyColumn, columns }
    byRelation.set(relation.name, [...(byRelation.get(relation.name) ?? []), index])
  }
  return byRelation
}
