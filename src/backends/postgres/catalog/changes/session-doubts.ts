/**
 * Rows of the catalogs that came, changed or went → whether sessions from before may go on. What they
 * have prepared and planned they can be told to forget (`connect/wrap-client.ts`). Not this:
 *
 * - A function of PL/pgSQL resolves the types that it declares when a session runs it first:
 *   `items.price%type` stays what it was, by name a type that has gone, a table that was renamed, or
 *   one that is no more found first.
 *   What other languages keep is theirs to say, so they are taken to keep as much.
 * - A library of functions in C is loaded once.
 *
 * Changes are collected here, and the database is asked about its functions at the next load only.
 */
import type { ControlStatement } from '../../connect/control-connection.ts'
import { type CatalogRow, flagIn } from '../catalog-row.ts'
import type { RowChange } from './change-window.ts'

/** What has changed since sessions were last held against it. */
export interface SessionDoubts {
  /** Something that was there has another name, or went. */
  names: boolean
  /** A column may have another type. */
  columns: boolean
  /** Relations and types that came, each of which may be what another was by its name. */
  readonly came: Set<number>
  /** Functions that came or changed. */
  readonly routines: Set<number>
}

export function noSessionDoubts(): SessionDoubts {
  return { names: false, columns: false, came: new Set(), routines: new Set() }
}

/** @param isRelation whether it is one with columns that functions can name: no index, nothing temporary */
export function addSessionDoubts(
  doubts: SessionDoubts,
  changes: readonly RowChange[],
  isRelation: (oid: number) => boolean,
): void {
  const came = new Set<number>()
  for (const { kind, key, change } of changes) {
    if (kind === 'relation' && change === 'came') came.add(key)
  }
  for (const { kind, key, owner, change } of changes) {
    switch (kind) {
      case 'relation':
      case 'type':
        if (change === 'came') doubts.came.add(key)
        else doubts.names = true
        break
      case 'schema':
        doubts.names ||= change !== 'came'
        break
      case 'column':
        // columns of a relation that has just come are told as changed
        doubts.columns ||= isRelation(owner) && !came.has(owner)
        break
      case 'routine':
        if (change !== 'went') doubts.routines.add(key)
        break
      default:
    }
  }
}

/** What functions of the database keep in a session. */
export interface KeptByRoutines {
  readonly names: boolean
  readonly columns: boolean
}

// event triggers run in sessions that change the schema, and requests do not
export function keptByRoutinesStatement({ routines }: SessionDoubts): ControlStatement {
  return {
    text: `
select count(*) filter (where is_compiled) > 0 as names,
  count(*) filter (where is_compiled and (lanname <> 'plpgsql' or prosrc ~* '%\\s*type')) > 0 as columns,
  count(*) filter (where probin is not null and oid = any ($1::oid[])) > 0 as libraries
from (
  select p.*, l.lanname, l.lanname not in ('internal', 'c', 'sql') as is_compiled
  from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
  where p.oid >= 16384 and p.prorettype <> 'pg_catalog.event_trigger'::pg_catalog.regtype
  offset 0
) p`,
    params: [`{${[...routines].join()}}`],
    isPrepared: true,
  }
}

/**
 * Whether one of what came has the name of something in another schema: by the search path a function
 * may mean the new one today. Each relation with columns is a type too, of the same name.
 */
export function shadowsStatement({ came }: SessionDoubts): ControlStatement {
  return {
    text: `
select exists (
  select
  from (
    select oid, typname, typnamespace from pg_catalog.pg_type where oid = any ($1::oid[])
    union all
    select t.oid, t.typname, t.typnamespace
    from pg_catalog.pg_class c join pg_catalog.pg_type t on t.oid = c.reltype
    where c.oid = any ($1::oid[])
  ) came
  join pg_catalog.pg_type other
    on other.typname = came.typname and other.typnamespace <> came.typnamespace
  where other.oid >= 16384
) as shadows`,
    params: [`{${[...came].join()}}`],
    isPrepared: true,
  }
}

/** Throws  for rows of another query */
export function parseShadows([row]: readonly CatalogRow[]): boolean {
  if (row === undefined) throw new Error('catalog query: nothing about names')
  return flagIn(row, 'shadows')
}

export interface RoutineAnswer extends KeptByRoutines {
  /** A function in C is among those that came or changed. */
  readonly libraries: boolean
}

/** Throws  for rows of another query */
export function parseKeptByRoutines([row]: readonly CatalogRow[]): RoutineAnswer {
  if (row === undefined) throw new Error('catalog query: nothing about functions')
  return {
    names: flagIn(row, 'names'),
    columns: flagIn(row, 'columns'),
    libraries: flagIn(row, 'libraries'),
  }
}
