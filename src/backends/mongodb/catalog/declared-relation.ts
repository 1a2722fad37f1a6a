/**
 * What names in declarations mean: collections of the first schema, or of another with that in
 * front, `shop.orders`. Names of collections have dots too, so that each is held against the whole.
 */
import type { Declarations, DeclaredRelation } from '../../registry/declared-schema.ts'
import type { ListedCollection } from './list-collections.ts'

/** Null: nothing is declared of it. */
export function declaredRelation(
  { relations }: Declarations,
  firstSchema: string,
  { database, name }: Pick<ListedCollection, 'database' | 'name'>,
): DeclaredRelation | null {
  const meant = (each: DeclaredRelation) => isMeant(each.name, firstSchema, database, name)
  return relations.find(meant) ?? null
}

export function isMeant(
  text: string,
  firstSchema: string,
  database: string,
  collection: string,
): boolean {
  return text === `${database}.${collection}` || (database === firstSchema && text === collection)
}
