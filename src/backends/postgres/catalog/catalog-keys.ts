/**
 * Primary, unique and foreign keys as oids and attribute numbers, of all user schemas, since
 * exposed views may read hidden tables. Keys are constraints; a unique index alone is none.
 * `name-keys.ts` replaces the numbers by names for the keys that matter.
 */
import type { Steps } from '../../../core/run-in-slices.ts'
import type { ControlQuery } from '../connect/control-connection.ts'
import { asNumber, type CatalogRow, flagIn, listIn, numberIn, textIn } from './catalog-row.ts'

/** One end of a key: a relation's oid, and attribute numbers in the key's order. */
export interface KeyEnd {
  readonly relation: number
  readonly positions: readonly number[]
}

export type CatalogKey =
  | { readonly kind: 'primary' | 'unique'; readonly name: string; readonly origin: KeyEnd }
  | {
      readonly kind: 'foreign'
      readonly name: string
      readonly origin: KeyEnd
      readonly target: KeyEnd
      /** It is a partition's copy of its parent's key. */
      readonly isInherited: boolean
    }

const keysSql = `
select k.contype as kind, k.conname as name, k.conrelid as relation,
  to_json(k.conkey) as positions, k.confrelid as target, to_json(k.confkey) as target_positions,
  k.conparentid <> 0 as is_inherited
from pg_catalog.pg_constraint k
where k.oid >= 16384 and k.contype in ('p', 'u', 'f')
  and k.connamespace not in (select oid from pg_catalog.pg_namespace where nspname ~ '^pg_')`

export function readKeys(query: ControlQuery): Promise<readonly CatalogRow[]> {
  return query(keysSql)
}

export function* parseKeys(rows: readonly CatalogRow[]): Steps<readonly CatalogKey[]> {
  const keys: CatalogKey[] = []
  for (const row of rows) {
    yield
    const name = textIn(row, 'name')
    const kind = textIn(row, 'kind')
    const origin = {
      relation: numberIn(row, 'relation'),
      positions: listIn(row, 'positions').map(asNumber),
    }
    if (kind === 'f') {
      const target = {
        relation: numberIn(row, 'target'),
        positions: listIn(row, 'target_positions').map(asNumber),
      }
      keys.push({ kind: 'foreign', name, origin, target, isInherited: flagIn(row, 'is_inherited') })
    } else {
      keys.push({ kind: kind === 'p' ? 'primary' : 'unique', name, origin })
    }
  }
  return keys
}

/** Keys that have one of the given relations at either end. */
export function keysAbout(
  keys: readonly CatalogKey[],
  relations: ReadonlySet<number>,
): readonly CatalogKey[] {
  return keys.filter(
    (key) =>
      relations.has(key.origin.relation) ||
      (key.kind === 'foreign' && relations.has(key.target.relation)),
  )
}

/** Relations at either end of the keys. */
export function endsOf(keys: readonly CatalogKey[]): ReadonlySet<number> {
  return new Set(
    keys.flatMap((key) =>
      key.kind === 'foreign' ? [key.origin.relation, key.target.relation] : [key.origin.relation],
    ),
  )
}
