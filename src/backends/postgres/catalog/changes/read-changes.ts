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
 * Large schemas have millions of such rows, so what is done for each counts. There is one pass over a
 * catalog. Where a single transaction has ended since, as with most migrations, rows are compared with
 * its number, which parallel workers may do: they may not ask for a row's age.
 *
 * The statement has to be the first of its transaction, or one of repeatable read: in read committed
 * age() stands still after its first use.
 */
import { endianness } from 'node:os'
import type { ControlRows, ControlStatement } from '../../connect/control-connection.ts'
import { type CatalogRow, numberIn, textOrNull } from '../catalog-row.ts'
import { type KeyEntry, KeySet } from './key-set.ts'
import { type LookPlace, parsePlace, placeSql, rolesSql, rowAbout } from './look-place.ts'

/** Objects from here on were made by users; those below come with the server. */
const firstUserOid = 16384

/** TRIGGER_TYPE_INSTEAD of pg_trigger.tgtype. */
const insteadOf = 64

const temporarySpaces = `pg_catalog.pg_namespace where nspname ~ '^pg_(toast_)?temp_'`

/** Mostly there are no temporary schemas, and nothing is looked up then. */
function isLasting(schema: string): string {
  return `((select count(*) = 0 from ${temporarySpaces})
    or ${schema} not in (select oid from ${temporarySpaces}))`
}

/** 53 bits: a number that JavaScript has exactly. */
const mostOfNumber = '9007199254740991'

function digest(...parts: readonly string[]): string {
  return `(hashtextextended(concat_ws(' ', ${parts.join()}), 0) & ${mostOfNumber})`
}

interface CountedCatalog {
  /** Its rows are known as x. */
  readonly catalog: string
  /** What an index may serve; none where all rows are looked at. */
  readonly first: string | null
  /** Which of those rows count. */
  readonly where: string
  readonly key: string
  /** The object that a row belongs to, or a digest of all that a load reads of it; 0: neither. */
  readonly mark: string
  /** More numbers about fresh rows. */
  readonly extra?: string
  /** Has rows for each table: worth parallel workers. */
  readonly isLarge?: true
}

const ofUsers = `x.oid >= ${firstUserOid}`

// the marks of relations, types and schemas are digests: GRANT, TRUNCATE, REFRESH and REINDEX write
// new versions of rows in which a load finds the same
const countedCatalogs = {
  relation: {
    catalog: 'pg_class',
    first: ofUsers,
    // everything but indexes, tables of long values and what is temporary
    where: `x.relkind <> 'i' and x.relkind <> 't' and x.relkind <> 'I' and x.relpersistence <> 't'`,
    key: 'x.oid',
    // as numbers: of each table it is asked for, and text takes twice the time
    mark: `((hashnameextended(x.relname, x.relnamespace::bigint)
      # hashcharextended(x.relkind, x.relispartition::int::bigint)) & ${mostOfNumber})`,
    extra: 'x.relnamespace',
    isLarge: true,
  },
  constraint: {
    catalog: 'pg_constraint',
    first: ofUsers,
    where: `x.contype in ('f', 'p', 'u') and ${isLasting('x.connamespace')}`,
    key: 'x.oid',
    mark: 'x.conrelid',
    extra: 'x.confrelid',
    isLarge: true,
  },
  rule: { catalog: 'pg_rewrite', first: ofUsers, where: 'true', key: 'x.oid', mark: 'x.ev_class' },
  trigger: {
    catalog: 'pg_trigger',
    // each foreign key has four triggers; these are of views alone, which each have a rule for reading
    first: `x.tgrelid in (select r.ev_class from pg_catalog.pg_rewrite r where r.ev_type = '1')`,
    where: `x.tgtype & ${insteadOf} <> 0`,
    key: 'x.oid',
    mark: 'x.tgrelid',
  },
  comment: {
    catalog: 'pg_description',
    first: `x.objoid >= ${firstUserOid}
      and x.classoid in ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_proc'::regclass)`,
    where: 'true',
    key: `(x.objoid::bigint << 17 | x.objsubid << 1
      | (x.classoid = 'pg_catalog.pg_proc'::regclass)::int)`,
    mark: 'x.objoid',
  },
  routine: {
    catalog: 'pg_proc',
    first: ofUsers,
    where: isLasting('x.pronamespace'),
    key: 'x.oid',
    mark: '0',
  },
  cast: { catalog: 'pg_cast', first: ofUsers, where: 'true', key: 'x.oid', mark: '0' },
  type: {
    catalog: 'pg_type',
    first: ofUsers,
    // each table has two: a composite one and the array of it
    where: `x.typtype <> 'c' and (x.typelem = 0 or x.typtype <> 'b')
      and x.typtype in ('d', 'e', 'r', 'm', 'b') and ${isLasting('x.typnamespace')}`,
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
    isLarge: true,
  },
  label: { catalog: 'pg_enum', first: null, where: 'true', key: 'x.oid', mark: 'x.enumtypid' },
  // `public` has an oid below those of users
  schema: {
    catalog: 'pg_namespace',
    first: null,
    where: `x.nspname !~ '^pg_' and x.nspname <> 'information_schema'`,
    key: 'x.oid',
    mark: digest('x.nspname'),
  },
  foreignTable: {
    catalog: 'pg_foreign_table',
    first: null,
    where: 'true',
    key: 'x.ftrelid',
    mark: 'x.ftserver',
  },
  server: { catalog: 'pg_foreign_server', first: null, where: 'true', key: 'x.oid', mark: '0' },
} as const satisfies Readonly<Record<string, CountedCatalog>>

export type CountedKind = keyof typeof countedCatalogs

function isCountedKind(kind: string): kind is CountedKind {
  return Object.hasOwn(countedCatalogs, kind)
}

export const countedKinds: readonly CountedKind[] =
  Object.keys(countedCatalogs).filter(isCountedKind)

/** Rows that go with their relation, or leave another row of it changed: not counted. */
const uncountedCatalogs = {
  column: { catalog: 'pg_attribute', relation: 'x.attrelid', number: 'x.attnum' },
  default: { catalog: 'pg_attrdef', relation: 'x.adrelid', number: 'x.adnum' },
} as const

export type UncountedKind = keyof typeof uncountedCatalogs

// An age is asked for outside of parallel workers alone; a number may be compared in them.
const isYoung = 'age(x.xmin) <= (select years from threshold) and age(x.xmin) >= 0'
const isOfOne = 'x.xmin = (select number from one)'

/** The rows of whichever of two queries fits: with a single transaction since, and with more. */
function eitherWay(kind: string, query: (isFresh: string) => string): string {
  const rows = (isFresh: string, when: string) =>
    `select '${kind}', x.held, x.fresh from (${query(isFresh)}) x
      where (select number from one) is ${when}`
  return `${rows(isOfOne, 'not null')} union all ${rows(isYoung, 'null')}`
}

function freshList(numbers: readonly string[]): string {
  return `string_agg(concat_ws(' ', ${numbers.join()}), ',')`
}

function countedSql(kind: CountedKind): string {
  const { catalog, first, where, key, mark, extra, isLarge }: CountedCatalog = countedCatalogs[kind]
  const list = freshList([
    `${key}::bigint`,
    `${mark}::bigint`,
    'x.xmin::text',
    `(${extra ?? '0'})::bigint`,
  ])
  const pass = (isFresh: string) => `
    select count(*)::int as held, ${list} filter (where ${isFresh}) as fresh
    from pg_catalog.${catalog} x where ${first ?? 'true'} and ${where}`
  return isLarge === true
    ? eitherWay(kind, pass)
    : `select '${kind}', x.held, x.fresh from (${pass(isYoung)}) x`
}

function uncountedSql(kind: UncountedKind): string {
  const { catalog, relation, number } = uncountedCatalogs[kind]
  const list = freshList(['x.relation::bigint << 16 | x.number', 'x.relation', 'x.xmin::text', '0'])
  // behind a fence, so that no other column is read of the many rows that are not fresh
  return eitherWay(
    kind,
    (isFresh) => `
    select 0 as held, ${list} as fresh
    from (
      select ${relation} as relation, ${number} as number, x.xmin
      from pg_catalog.${catalog} x where ${isFresh} offset 0
    ) x
    where x.number > 0 and x.relation >= ${firstUserOid}`,
  )
}

const changesSql = `
with recursive span as materialized (
  select $1::bigint as since, pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next
),
threshold as materialized (select age((since % 4294967296)::text::xid) as years from span),
one as materialized (
  select case when next - since <= 1 then (since % 4294967296)::text::xid end as number from span
),
${rolesSql}
${placeSql}
union all
${[...countedKinds.map(countedSql), uncountedSql('column'), uncountedSql('default')].join('\nunion all\n')}`

/** A row of a catalog whose version is fresh. */
export interface FreshRow extends KeyEntry {
  /** `kind key xmin`: the row in this version. */
  readonly identity: string
  /** Of a relation: its schema. Of a foreign key: the relation that it points to. */
  readonly extra: number
}

export interface CatalogChanges extends LookPlace {
  /** How many rows each catalog has. */
  readonly held: ReadonlyMap<CountedKind, number>
  readonly fresh: ReadonlyMap<CountedKind | UncountedKind, readonly FreshRow[]>
}

/** @param since xmin of the look before */
export function changesStatement(since: bigint): ControlStatement {
  return { text: changesSql, params: [String(since)], isPrepared: true }
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
  const kinds = [...countedKinds, 'column', 'default'] as const
  const freshOf = (kind: string) => freshRows(kind, textOrNull(rowAbout(rows, kind), 'fresh'))
  return {
    ...parsePlace(rows),
    held: new Map(countedKinds.map((kind) => [kind, numberIn(rowAbout(rows, kind), 'held')])),
    fresh: new Map(kinds.map((kind) => [kind, freshOf(kind)])),
  }
}

/** All keys of a catalog, with their marks. */
export function keysStatement(kind: CountedKind): ControlStatement {
  const { catalog, first, where, key, mark }: CountedCatalog = countedCatalogs[kind]
  return {
    text: `select string_agg(float8send(key), ''::bytea) as keys,
      string_agg(float8send(mark), ''::bytea) as marks
    from (
      select ${key}::bigint as key, ${mark}::bigint as mark
      from pg_catalog.${catalog} x where ${first ?? 'true'} and ${where} order by key
    ) x`,
  }
}

export function parseKeySet(rows: ControlRows): KeySet {
  const [row] = rows
  if (row === undefined) throw new Error('catalog query: no keys')
  return new KeySet(numbersIn(row, 'keys'), numbersIn(row, 'marks'))
}

/** Numbers of 8 bytes each, the highest first, as PostgreSQL writes bytes in text: `\x…`. */
function numbersIn(row: CatalogRow, column: string): Float64Array {
  const bytes = Buffer.from((textOrNull(row, column) ?? '\\x').slice(2), 'hex')
  if (endianness() === 'LE') bytes.swap64()
  return new Float64Array(Uint8Array.from(bytes).buffer)
}
