/**
 * Primary, unique and foreign keys as oids and attribute numbers, of all user schemas, since
 * exposed views may read hidden tables. Keys are constraints; a unique index alone is none.
 * `name-keys.ts` replaces the numbers by names for the keys that matter.
 */
import type { ControlStatement } from '../connect/control-connection.ts'
import {
  asNumber,
  type CatalogRow,
  flagIn,
  listIn,
  numberIn,
  restricted,
  textIn,
} from './catalog-row.ts'

/** One end of a key: a relation's oid, and attribute numbers in the key's order. */
export interface KeyEnd {
  readonly relation: number
  readonly positions: readonly number[]
}

export type CatalogKey =
  | {
      readonly kind: 'primary' | 'unique'
      readonly oid: number
      readonly name: string
      readonly origin: KeyEnd
    }
  | {
      readonly kind: 'foreign'
      readonly oid: number
      readonly name: string
      readonly origin: KeyEnd
      readonly target: KeyEnd
      /** It is a partition's copy of its parent's key. */
      readonly isInherited: boolean
    }

const keysSql = (restriction: string) => `
select k.oid, k.contype as kind, k.conname as name, k.conrelid as relation,
  to_json(k.conkey) as positions, k.confrelid as target, to_json(k.confkey) as target_positions,
  k.conparentid <> 0 as is_inherited
from pg_catalog.pg_constraint k
where k.oid >= 16384 and k.contype in ('p', 'u', 'f')
  and k.connamespace not in (
    select oid from pg_catalog.pg_namespace where nspname ~ '^pg_(toast_)?temp_'
  )
  ${restriction}
order by k.oid`

/** @param only oids of constraints as an array literal; null: all */
export function keysStatement(only: string | null): ControlStatement {
  return restricted(keysSql, 'and k.oid = any ($1::oid[])', [], only)
}

export function parseKey(row: CatalogRow): CatalogKey {
  const oid = numberIn(row, 'oid')
  const name = textIn(row, 'name')
  const kind = textIn(row, 'kind')
  const origin = {
    relation: numberIn(row, 'relation'),
    positions: listIn(row, 'positions').map(asNumber),
  }
  if (kind !== 'f') return { kind: kind === 'p' ? 'primary' : 'unique', oid, name, origin }
  const target = {
    relation: numberIn(row, 'target'),
    positions: listIn(row, 'target_positions').map(asNumber),
  }
  return { kind: 'foreign', oid, name, origin, target, isInherited: flagIn(row, 'is_inherited') }
}

/** Relations at the ends of the key: one, or two that differ. */
export function endsOf(key: CatalogKey): readonly number[] {
  const origin = key.origin.relation
  return key.kind === 'foreign' && key.target.relation !== origin
    ? [origin, key.target.relation]
    : [origin]
}
