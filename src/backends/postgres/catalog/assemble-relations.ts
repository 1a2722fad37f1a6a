/**
 * The rows of one load, put together: tables with columns, keys, comments and the writes they take
 * → the relations of a catalog. Pure.
 */

import { assertNever } from '../../../core/assert-never.ts'
import { nameKey } from '../../../core/qualified-name.ts'
import type { Steps } from '../../../core/run-in-slices.ts'
import type { CatalogRelation } from '../../../schema/catalog.ts'
import { compareTexts } from '../../../schema/compare-relationships.ts'
import type { SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import type { CatalogTable, Comments } from './catalog-tables.ts'
import type { TypeCatalog } from './catalog-types.ts'
import type { CatalogView } from './catalog-views.ts'
import { describeColumns } from './describe-columns.ts'
import type { ForeignWrites } from './foreign-writes.ts'
import {
  allWrites,
  eitherWrites,
  noWrites,
  type WriteFacts,
  type Writes,
  writesOf,
} from './view-updatability.ts'

export interface RelationParts {
  readonly tables: readonly CatalogTable[]
  readonly types: TypeCatalog
  /** By the relation's oid, as are the keys and views. */
  readonly comments: ReadonlyMap<number, Comments>
  readonly primaryKeys: ReadonlyMap<number, readonly string[]>
  readonly views: ReadonlyMap<number, CatalogView>
  readonly foreign: ForeignWrites
  /** Says which writes foreign tables take that could not be asked now. */
  readonly previous: SchemaSnapshot | null
}

const noComments: Comments = new Map()

export function* assembleRelations(parts: RelationParts): Steps<readonly CatalogRelation[]> {
  const facts = writeFacts(parts)
  const relations: CatalogRelation[] = []
  for (const table of parts.tables) {
    yield
    const comments = parts.comments.get(table.oid) ?? noComments
    const writes = writesTo(table, parts, facts)
    relations.push({
      schema: table.schema,
      name: table.name,
      kind: table.kind,
      description: comments.get(0) ?? null,
      canInsert: writes.insert,
      canUpdate: writes.update,
      canDelete: writes.delete,
      primaryKey: parts.primaryKeys.get(table.oid) ?? [],
      columns: describeColumns(table.columns, parts.types, comments),
      isClosed: true,
    })
  }
  return relations.sort((a, b) => compareTexts(a.schema, b.schema) || compareTexts(a.name, b.name))
}

function writeFacts({ views, foreign }: RelationParts): ReadonlyMap<number, WriteFacts> {
  return new Map(
    [...views].map(([oid, { rule, own }]) => [
      oid,
      { rule, own: eitherWrites(own, foreign.writes.get(oid) ?? noWrites) },
    ]),
  )
}

function writesTo(
  table: CatalogTable,
  parts: RelationParts,
  facts: ReadonlyMap<number, WriteFacts>,
): Writes {
  switch (table.kind) {
    case 'table':
    case 'partitioned-table':
      return allWrites
    case 'materialized-view':
      return noWrites
    case 'view':
    case 'foreign-table': {
      const known = parts.previous?.relations.get(nameKey(table))
      if (known !== undefined && restsOnOpenQuestion(table.oid, parts)) {
        return { insert: known.canInsert, update: known.canUpdate, delete: known.canDelete }
      }
      return writesOf(table.oid, facts)
    }
    default:
      return assertNever(table.kind)
  }
}

function restsOnOpenQuestion(
  relation: number,
  { views, foreign }: Pick<RelationParts, 'views' | 'foreign'>,
): boolean {
  const seen = new Set<number>()
  let at: number | undefined = relation
  while (at !== undefined && !seen.has(at)) {
    if (foreign.open.has(at)) return true
    seen.add(at)
    at = views.get(at)?.rule?.base?.relation
  }
  return false
}
