/**
 * The identity of a PostgreSQL schema's state as one short text: per catalog a hash over the
 * identity and row version (oid and xmin) of every row that a snapshot is made of, combined by XOR,
 * so that the order of rows does not matter and a late commit of an older transaction shows. One
 * statement that takes no lock which DDL holds, and gives up where a catalog itself is locked;
 * `introspect-postgres.ts` labels loads with it.
 *
 * The login role's privileges and the settings that its sessions begin with count too: loads ask for
 * the one, and connections are replaced after a load for the sake of the other.
 *
 * Left out: what changes without meaning anything to a snapshot. Rows of pg_class are hashed by
 * content, for TRUNCATE, REINDEX, REFRESH and GRANT rewrite them; indexes, statistics, temporary
 * and system objects are not looked at, and of other schemas only what views and types lead to.
 */
import type { SchemaVersion } from '../../../schema/catalog.ts'
import type { SchemaOptions } from '../../../schema/schema-snapshot.ts'
import { toArrayLiteral } from '../../values/array-literal.ts'
import type { ControlQuery } from '../connect/control-connection.ts'
import { textIn } from './catalog-row.ts'

/**
 * How long what reads catalogs waits for a lock on one, which `VACUUM FULL` of it takes: the
 * connection is needed for other questions meanwhile.
 */
export const catalogLockTimeout = '1s'

/** Objects from here on were made by users; those below come with the server. */
const firstUserOid = 16384

/** TRIGGER_TYPE_INSTEAD of pg_trigger.tgtype. */
const insteadOf = 64

/** XOR of the row versions of one catalog; `key` is a bigint that tells its rows apart. */
function versions(key: string, from: string): string {
  return `(select coalesce(to_hex(bit_xor(hashtextextended(x.xmin::text, ${key}))), '') from ${from})`
}

/** The same over content, where a new row version may mean nothing. */
function contents(from: string): string {
  return `(select coalesce(to_hex(bit_xor(hash_record_extended(x, 0))), '') from ${from})`
}

// hash_record_extended and bit_xor are there since PostgreSQL 14, the oldest version served
const versionSql = `
with recursive spaces as materialized (
  select oid, nspname from pg_catalog.pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema'
),
relations as materialized (
  select c.oid, c.relname, c.relnamespace, c.relkind, c.relispartition
  from pg_catalog.pg_class c join spaces s on s.oid = c.relnamespace
  where c.relkind in ('r', 'v', 'm', 'f', 'p', 'S', 'c') and c.relpersistence <> 't'
    and (s.nspname = any ($1::text[]) or c.relkind = 'c')
),
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
)
select pg_catalog.concat_ws('.',
  current_setting('server_version_num'),
  ${contents('spaces x')},
  ${contents('relations x')},
  ${versions(
    'x.attrelid::bigint << 16 | x.attnum',
    `pg_catalog.pg_attribute x
      where x.attnum > 0 and x.attrelid in (select oid from relations where relkind not in ('S', 'c'))`,
  )},
  ${versions(
    'x.oid::bigint',
    'pg_catalog.pg_attrdef x where x.adrelid in (select oid from relations)',
  )},
  ${versions(
    'x.oid::bigint',
    `pg_catalog.pg_constraint x
      where x.oid >= ${firstUserOid} and x.contype in ('p', 'u', 'f')
        and x.connamespace in (select oid from spaces)`,
  )},
  ${versions(
    'x.oid::bigint',
    `pg_catalog.pg_rewrite x join pg_catalog.pg_class c on c.oid = x.ev_class
      where x.oid >= ${firstUserOid} and c.relpersistence <> 't'`,
  )},
  ${versions('x.oid::bigint', `pg_catalog.pg_trigger x where x.tgtype & ${insteadOf} <> 0`)},
  ${versions(
    'x.oid::bigint',
    `pg_catalog.pg_proc x
      where x.oid >= ${firstUserOid} and x.pronamespace in (select oid from spaces)`,
  )},
  ${versions(
    'x.oid::bigint',
    `pg_catalog.pg_type x
      where x.oid >= ${firstUserOid} and x.typnamespace in (select oid from spaces)
        and (x.typtype in ('d', 'e', 'r', 'm') or x.typtype = 'b' and x.typelem = 0)`,
  )},
  ${versions('x.oid::bigint', 'pg_catalog.pg_enum x')},
  ${versions('x.oid::bigint', `pg_catalog.pg_cast x where x.oid >= ${firstUserOid}`)},
  ${versions(
    'x.objoid::bigint << 16 | x.objsubid',
    `pg_catalog.pg_description x
      where x.objoid >= ${firstUserOid}
        and (x.classoid = 'pg_catalog.pg_proc'::regclass
          or x.classoid = 'pg_catalog.pg_class'::regclass
            and x.objoid in (select oid from relations))`,
  )},
  ${versions('x.ftrelid::bigint', 'pg_catalog.pg_foreign_table x')},
  ${versions('x.oid::bigint', 'pg_catalog.pg_foreign_server x')},
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
) as version`

/**
 * Reads the version of what a load with these options would see.
 *
 * Shape   opaque; equal texts mean that a load would find the same
 * Errors  rejects with BackendFailure when the server cannot be asked
 */
export async function readSchemaVersion(
  query: ControlQuery,
  options: Pick<SchemaOptions, 'dbSchemas' | 'dbExtraSearchPath'>,
): Promise<SchemaVersion> {
  const schemas = toArrayLiteral([...options.dbSchemas, ...options.dbExtraSearchPath])
  const [row] = await query(versionSql, [schemas], { lock_timeout: catalogLockTimeout })
  if (row === undefined) throw new Error('catalog query: no version')
  return textIn(row, 'version')
}
