/**
 * What changed in the system catalogs since a look at them: one statement, a pass over each catalog.
 * Of each it gives the rows whose version is not older than the look (`fresh`), and how many rows
 * there are in all (`held`), by which deletions are noticed; then `readKeys…` gives what is left.
 * `change-window.ts` makes dirty objects of it. No lock is taken that DDL holds.
 *
 * The look is known by its snapshot's xmin: all that had ended before is older, and what was running
 * then is fresh, however late it commits. The snapshot's list of what ran would not do: rows of a
 * savepoint carry numbers of their own, which it does not name. Frozen rows keep their number, and
 * their age is negative once 2^31 transactions lie behind them.
 *
 * The statement has to be the first of its transaction, or one of repeatable read: in read committed
 * age() stands still after its first use.
 */
import type { ControlRows, ControlStatement } from '../../connect/control-connection.ts'
import { type CatalogRow, numberIn, textIn, textOrNull } from '../catalog-row.ts'
import { type KeyEntry, KeySet } from './key-set.ts'

/** Objects from here on were made by users; those below come with the server. */
const firstUserOid = 16384

/** TRIGGER_TYPE_INSTEAD of pg_trigger.tgtype. */
const insteadOf = 64

const temporarySpaces = `select oid from pg_catalog.pg_namespace where nspname ~ '^pg_(toast_)?temp_'`

/** 53 bits of a digest: a number that JavaScript has exactly. */
function digest(...parts: readonly string[]): string {
  return `(hashtextextended(concat_ws(' ', ${parts.join()}), 0) & 9007199254740991)`
}

interface CountedCatalog {
  /** The catalog, as x, with its condition. */
  readonly from: string
  readonly key: string
  /** The object that a row belongs to, or a digest of all that a load reads of it; 0: neither. */
  readonly mark: string
  /** More numbers about fresh rows. */
  readonly extra?: string
}

// the marks of relations, types and schemas are digests: GRANT, TRUNCATE, REFRESH and REINDEX write
// new versions of rows in which a load finds the same
const countedCatalogs = {
  relation: {
    from: `pg_catalog.pg_class x where x.oid >= ${firstUserOid} and x.relpersistence <> 't'
      and x.relkind in ('r', 'v', 'm', 'f', 'p', 'S', 'c')`,
    key: 'x.oid',
    mark: digest('x.relname', 'x.relnamespace', 'x.relkind', 'x.relispartition'),
    extra: 'x.relnamespace',
  },
  constraint: {
    from: `pg_catalog.pg_constraint x where x.oid >= ${firstUserOid} and x.contype in ('p', 'u', 'f')
      and x.connamespace not in (${temporarySpaces})`,
    key: 'x.oid',
    mark: 'x.conrelid',
    extra: 'x.confrelid',
  },
  rule: {
    from: `pg_catalog.pg_rewrite x where x.oid >= ${firstUserOid}`,
    key: 'x.oid',
    mark: 'x.ev_class',
  },
  trigger: {
    from: `pg_catalog.pg_trigger x where x.tgtype & ${insteadOf} <> 0`,
    key: 'x.oid',
    mark: 'x.tgrelid',
  },
  comment: {
    from: `pg_catalog.pg_description x where x.objoid >= ${firstUserOid}
      and x.classoid in ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_proc'::regclass)`,
    key: `(x.objoid::bigint << 17 | x.objsubid << 1
      | (x.classoid = 'pg_catalog.pg_proc'::regclass)::int)`,
    mark: 'x.objoid',
  },
  routine: {
    from: `pg_catalog.pg_proc x where x.oid >= ${firstUserOid}
      and x.pronamespace not in (${temporarySpaces})`,
    key: 'x.oid',
    mark: '0',
  },
  cast: { from: `pg_catalog.pg_cast x where x.oid >= ${firstUserOid}`, key: 'x.oid', mark: '0' },
  type: {
    from: `pg_catalog.pg_type x where x.oid >= ${firstUserOid}
      and (x.typtype in ('d', 'e', 'r', 'm') or x.typtype = 'b' and x.typelem = 0)
      and x.typnamespace not in (${temporarySpaces})`,
    key: 'x.oid',
    mark: digest(
      'x.typname',
      'x.typnamespace',
      'x.typtype',
      'x.typbasetype',
      'x.typtypmod',
      'x.typnotnull',
      'x.typdefaultbin::text',
    ),
  },
  label: { from: 'pg_catalog.pg_enum x where true', key: 'x.oid', mark: 'x.enumtypid' },
  // `public` has an oid below those of users
  schema: {
    from: `pg_catalog.pg_namespace x
      where x.nspname !~ '^pg_' and x.nspname <> 'information_schema'`,
    key: 'x.oid',
    mark: digest('x.nspname'),
  },
  foreignTable: {
    from: 'pg_catalog.pg_foreign_table x where true',
    key: 'x.ftrelid',
    mark: 'x.ftserver',
  },
  server: { from: 'pg_catalog.pg_foreign_server x where true', key: 'x.oid', mark: '0' },
} as const satisfies Readonly<Record<string, CountedCatalog>>

export type CountedKind = keyof typeof countedCatalogs

function isCountedKind(kind: string): kind is CountedKind {
  return Object.hasOwn(countedCatalogs, kind)
}

export const countedKinds: readonly CountedKind[] =
  Object.keys(countedCatalogs).filter(isCountedKind)

/** Rows that go with their relation, or leave another row of it changed: not counted. */
const uncountedCatalogs = {
  column: { catalog: 'pg_catalog.pg_attribute', relation: 'attrelid', number: 'attnum' },
  default: { catalog: 'pg_catalog.pg_attrdef', relation: 'adrelid', number: 'adnum' },
} as const

export type UncountedKind = keyof typeof uncountedCatalogs

const age = (version: string) => `age(${version}.xmin)`
const isFresh = (version: string) =>
  `${age(version)} <= (select years from threshold) and ${age(version)} >= 0`

function countedSql(kind: CountedKind): string {
  const { from, key, mark, extra }: CountedCatalog = countedCatalogs[kind]
  const numbers = [`${key}::bigint`, `${mark}::bigint`, 'x.xmin::text', `(${extra ?? '0'})::bigint`]
  return `select '${kind}', count(*)::int,
    string_agg(concat_ws(' ', ${numbers.join()}), ',') filter (where ${isFresh('x')})
  from ${from}`
}

function uncountedSql(kind: UncountedKind): string {
  const { catalog, relation, number } = uncountedCatalogs[kind]
  // the age is looked at first, behind a fence: most rows are not fresh
  return `select '${kind}', 0, string_agg(fresh, ',') from (
    select concat_ws(' ', x.${relation}::bigint << 16 | x.${number}, x.${relation}, x.xmin::text, 0) as fresh,
      x.${relation} as relation, x.${number} as number
    from ${catalog} x where ${isFresh('x')} offset 0
  ) x where number > 0 and relation >= ${firstUserOid}`
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

const changesSql = `
with recursive threshold as materialized (
  select age(coalesce(
    $1::text, (pg_snapshot_xmin(pg_current_snapshot())::text::numeric % 4294967296)::text
  )::xid) as years
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
select 'now' as kind, 0 as held, pg_current_snapshot()::text as fresh
union all
select 'incarnation', 0, concat_ws(' ',
  (select oid from pg_catalog.pg_database where datname = current_database()),
  (select system_identifier from pg_control_system()), pg_postmaster_start_time(),
  pg_is_in_recovery(), current_setting('server_version_num'))
union all
select 'settings', 0, ${settingsSql}
union all
${[...countedKinds.map(countedSql), uncountedSql('column'), uncountedSql('default')].join('\nunion all\n')}`

/** A row of a catalog whose version is fresh. */
export interface FreshRow extends KeyEntry {
  /** `kind key xmin`: the row in this version. */
  readonly identity: string
  /** Of a relation: its schema. Of a foreign key: the relation that it points to. */
  readonly extra: number
}

export interface CatalogChanges {
  /** The server that was asked, since its start, and its part in replication. */
  readonly incarnation: string
  /** Roles and their settings, as far as they matter, in short. */
  readonly settings: string
  /** Bounds of the snapshot, as 64-bit numbers. */
  readonly xmin: bigint
  readonly xmax: bigint
  readonly held: ReadonlyMap<CountedKind, number>
  readonly fresh: ReadonlyMap<CountedKind | UncountedKind, readonly FreshRow[]>
}

/** @param since xmin of the look before; null: nothing is asked for but what is fresh now */
export function changesStatement(since: bigint | null): ControlStatement {
  return {
    text: changesSql,
    params: [since === null ? null : String(BigInt.asUintN(32, since))],
    isPrepared: true,
  }
}

function freshRows(kind: string, text: string | null): readonly FreshRow[] {
  if (text === null) return []
  return text.split(',').map((entry) => {
    const [key = '', mark = '', version = '', extra = ''] = entry.split(' ')
    return {
      key: Number(key),
      mark: Number(mark),
      extra: Number(extra),
      identity: `${kind} ${key} ${version}`,
    }
  })
}

/** Throws  for rows of another query */
export function parseChanges(rows: ControlRows): CatalogChanges {
  const byKind = new Map<string, CatalogRow>(rows.map((row) => [textIn(row, 'kind'), row]))
  function row(kind: string): CatalogRow {
    const found = byKind.get(kind)
    if (found === undefined) throw new Error(`catalog query: nothing about ${kind}`)
    return found
  }
  const [xmin = '', xmax = ''] = textIn(row('now'), 'fresh').split(':')
  const kinds = [...countedKinds, 'column', 'default'] as const
  return {
    incarnation: textIn(row('incarnation'), 'fresh'),
    settings: textIn(row('settings'), 'fresh'),
    xmin: BigInt(xmin),
    xmax: BigInt(xmax),
    held: new Map(countedKinds.map((kind) => [kind, numberIn(row(kind), 'held')])),
    fresh: new Map(kinds.map((kind) => [kind, freshRows(kind, textOrNull(row(kind), 'fresh'))])),
  }
}

/** All keys of a catalog, with their marks. */
export function keysStatement(kind: CountedKind): ControlStatement {
  const { from, key, mark }: CountedCatalog = countedCatalogs[kind]
  return {
    text: `select string_agg(int8send(key), ''::bytea order by key) as keys,
      string_agg(int8send(mark), ''::bytea order by key) as marks
    from (select ${key}::bigint as key, ${mark}::bigint as mark from ${from} offset 0) x`,
  }
}

export function parseKeySet(rows: ControlRows): KeySet {
  const [row] = rows
  if (row === undefined) throw new Error('catalog query: no keys')
  return new KeySet(numbersIn(row, 'keys'), numbersIn(row, 'marks'))
}

/** Numbers of 8 bytes each, as PostgreSQL writes bytes in text: `\x…`. */
function numbersIn(row: CatalogRow, column: string): Float64Array {
  const bytes = Buffer.from((textOrNull(row, column) ?? '\\x').slice(2), 'hex')
  const numbers = new Float64Array(bytes.length / 8)
  for (let at = 0; at < numbers.length; at += 1) {
    numbers[at] = bytes.readUInt32BE(at * 8) * 2 ** 32 + bytes.readUInt32BE(at * 8 + 4)
  }
  return numbers
}
