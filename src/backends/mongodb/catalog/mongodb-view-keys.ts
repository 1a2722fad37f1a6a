/**
 * What identifies the rows of views: what is declared; else `_id`, where a view holds the documents of
 * what it is over one by one, since its stages only leave documents out, order them or add fields.
 */
import { qualifiedName } from '../../../core/qualified-name.ts'
import type { ViewKeyDependency } from '../../../schema/catalog.ts'
import { idField } from './build-columns.ts'
import type { BuiltRelation } from './build-relation.ts'
import type { ListedCollection } from './list-collections.ts'

const keeping: ReadonlySet<string> = new Set([
  '$match',
  '$sort',
  '$limit',
  '$skip',
  '$lookup',
  '$addFields',
  '$set',
])

/** Views over views are followed down to a collection. */
export function mongodbViewKeys(
  collections: readonly ListedCollection[],
  relations: readonly BuiltRelation[],
): readonly ViewKeyDependency[] {
  const listed = new Map(collections.map((each) => [`${each.database}.${each.name}`, each]))

  function hasIds({ database, kind, options }: ListedCollection, depth: number): boolean {
    if (kind !== 'view') return kind === 'collection'
    const source = listed.get(`${database}.${String(options['viewOn'])}`)
    // the server lets views nest 20 deep
    return source !== undefined && depth < 20 && keepsIds(options) && hasIds(source, depth + 1)
  }

  return relations.flatMap(({ relation, facts, declaredKey }): ViewKeyDependency[] => {
    const view = listed.get(`${relation.schema}.${relation.name}`)
    if (view === undefined || view.kind !== 'view') return []
    const dependency = (columns: ViewKeyDependency['columns']): ViewKeyDependency => ({
      table: qualifiedName(view.database, String(view.options['viewOn'])),
      view: qualifiedName(relation.schema, relation.name),
      constraint: '_id_',
      kind: 'primary-key',
      columns,
    })
    if (declaredKey !== null) return [dependency(declaredKey.map((name) => [name, [name]]))]
    const column = relation.columns.find(({ name }) => facts.fields.get(name)?.field === idField)
    return column === undefined || !hasIds(view, 0) ? [] : [dependency([[idField, [column.name]]])]
  })
}

function keepsIds(options: ListedCollection['options']): boolean {
  const pipeline: unknown = options['pipeline']
  return Array.isArray(pipeline) && pipeline.every(keepsId)
}

function keepsId(stage: unknown): boolean {
  if (typeof stage !== 'object' || stage === null) return false
  const [[name, body] = ['', null], ...more] = Object.entries(stage)
  if (more.length > 0 || !keeping.has(name)) return false
  if (name === '$lookup') return Object(body).as !== idField
  if (name !== '$addFields' && name !== '$set') return true
  return !Object.keys(Object(body)).some((key) => key === idField || key.startsWith(`${idField}.`))
}
