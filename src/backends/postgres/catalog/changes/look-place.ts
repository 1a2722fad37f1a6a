/**
 * Where a look at the system catalogs is taken: the database, its server, the snapshot, and the rights and
 * settings of the login role. Rows of a kind each, which `read-changes.ts` asks for with what changed.
 */
import type { ControlRows, ControlStatement } from '../../connect/control-connection.ts'
import { identityTexts } from '../../connect/database-identity.ts'
import { type CatalogRow, textIn } from '../catalog-row.ts'

/** Where and when a look was taken. */
export interface LookPlace {
  /** The database that was asked, on whichever server of its cluster. */
  readonly identity: string
  /** The server that was asked, since its start or its last crash, and its part in replication. */
  readonly incarnation: string
  /** Roles and their settings, as far as they matter, in short. */
  readonly settings: string
  /** Bounds of the snapshot, as 64-bit numbers. */
  readonly xmin: bigint
  readonly xmax: bigint
}

/** By content, where a new row version may mean nothing. */
function contents(from: string): string {
  return `(select coalesce(to_hex(bit_xor(hash_record_extended(x, 0))), '') from ${from})`
}

/** XOR of row versions; `key` is a bigint that tells rows apart. */
function versions(key: string, from: string): string {
  return `(select coalesce(to_hex(bit_xor(hashtextextended(x.xmin::text, ${key}))), '') from ${from})`
}

// The login role's rights count, and the settings that its sessions begin with: loads ask for the
// one, and connections are replaced after a load for the sake of the other. hash_record_extended and
// bit_xor are there since PostgreSQL 14, the oldest version served.
const settingsSql = `concat_ws('.',
  ${contents('roles x')},
  ${contents('memberships x')},
  ${versions(
    'x.setdatabase::bigint << 32 | x.setrole::bigint',
    `pg_catalog.pg_db_role_setting x
      where x.setrole in (select 0::oid union all select oid from self)
        and x.setdatabase in (
          select 0::oid
          union all
          select oid from pg_catalog.pg_database where datname = current_database()
        )`,
  )},
  ${
    // grants on parameters: pg_parameter_acl (6243) itself is there only since PostgreSQL 15
    versions(
      'x.objid::bigint << 32 | x.refobjid::bigint',
      'pg_catalog.pg_shdepend x where x.dbid = 0 and x.classid = 6243',
    )
  }
)`

/** Queries of a `with recursive` that `placeSql` needs. */
export const rolesSql = `
self as materialized (
  select r.oid from pg_catalog.pg_roles r where r.rolname = current_user
),
granted(oid) as (
  select oid from self
  union
  select m.roleid from granted g join pg_catalog.pg_auth_members m on m.member = g.oid
),
roles as materialized (
  select r.oid, r.rolname, r.rolsuper, r.rolconfig
  from granted g join pg_catalog.pg_roles r on r.oid = g.oid
),
memberships as materialized (
  select m.roleid, m.member, m.grantor, m.xmin::text as version
  from granted g join pg_catalog.pg_auth_members m on m.member = g.oid
)`

// A server that goes on after a crash keeps the time of its start. It may have lost what was committed last
// and give its numbers again; its statistics begin anew then.
const startTexts = `
  pg_postmaster_start_time(), pg_stat_get_bgwriter_stat_reset_time(), pg_is_in_recovery(),
  current_setting('server_version_num')`

/** Rows of kind, held and fresh. */
export const placeSql = `
select 'now' as kind, 0 as held, pg_current_snapshot()::text as fresh
union all
select 'identity', 0, concat_ws(' ', ${identityTexts})
union all
select 'start', 0, concat_ws(' ', ${startTexts})
union all
select 'settings', 0, ${settingsSql}`

/** A look without one before it: where it was taken, and no row of any catalog. */
export const placeStatement: ControlStatement = { text: `with recursive ${rolesSql} ${placeSql}` }

/** Throws  for rows of another query */
export function rowAbout(rows: ControlRows, kind: string): CatalogRow {
  const found = rows.find((row) => textIn(row, 'kind') === kind)
  if (found === undefined) throw new Error(`catalog query: nothing about ${kind}`)
  return found
}

/** Throws  for rows of another query */
export function parsePlace(rows: ControlRows): LookPlace {
  const about = (kind: string) => textIn(rowAbout(rows, kind), 'fresh')
  const [xmin = '', xmax = ''] = about('now').split(':')
  const identity = about('identity')
  return {
    identity,
    incarnation: `${identity} ${about('start')}`,
    settings: about('settings'),
    xmin: BigInt(xmin),
    xmax: BigInt(xmax),
  }
}
