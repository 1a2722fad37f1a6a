/**
 * The type that a SQLite column was declared with, in PostgreSQL's words, which the API's grammar,
 * its messages and the OpenAPI document speak. SQLite accepts any words: known ones are taken by
 * name, the rest by SQLite's own rules of affinity, and what is left may hold anything.
 */

export interface DeclaredType {
  /** Without modifiers; `any` when nothing is known. */
  readonly baseType: string
  /** With modifiers: `character varying(20)`, `numeric(10,2)`. */
  readonly nominalType: string
  readonly maxLength: number | null
}

const names: Readonly<Record<string, string>> = {
  int: 'integer',
  integer: 'integer',
  int4: 'integer',
  mediumint: 'integer',
  serial: 'integer',
  smallint: 'smallint',
  tinyint: 'smallint',
  int2: 'smallint',
  bigint: 'bigint',
  int8: 'bigint',
  bigserial: 'bigint',
  'unsigned big int': 'bigint',
  text: 'text',
  string: 'text',
  clob: 'text',
  citext: 'text',
  varchar: 'character varying',
  'character varying': 'character varying',
  'varying character': 'character varying',
  nvarchar: 'character varying',
  char: 'character',
  character: 'character',
  nchar: 'character',
  'native character': 'character',
  bool: 'boolean',
  boolean: 'boolean',
  date: 'date',
  time: 'time without time zone',
  datetime: 'timestamp without time zone',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  'timestamp with time zone': 'timestamp with time zone',
  'timestamp without time zone': 'timestamp without time zone',
  json: 'json',
  jsonb: 'jsonb',
  blob: 'bytea',
  bytea: 'bytea',
  binary: 'bytea',
  varbinary: 'bytea',
  uuid: 'uuid',
  guid: 'uuid',
  uniqueidentifier: 'uuid',
  real: 'double precision',
  double: 'double precision',
  'double precision': 'double precision',
  float: 'double precision',
  float4: 'double precision',
  float8: 'double precision',
  numeric: 'numeric',
  decimal: 'numeric',
  number: 'numeric',
  money: 'numeric',
  // what SQLite says of casts in views when the affinity is numeric: a date as well as a boolean
  num: 'any',
  any: 'any',
  '': 'any',
}

const withModifiers = ['character varying', 'character', 'numeric']

/** Shape   `VARCHAR(20)` → character varying, character varying(20), 20 */
export function readDeclaredType(declared: string): DeclaredType {
  const [, base = '', inner = '', tail = ''] = /^([^(]*)(?:\(([^)]*)\))?(.*)$/s.exec(declared) ?? []
  const name = `${base} ${tail}`.trim().toLowerCase().replace(/\s+/g, ' ')
  const baseType = (Object.hasOwn(names, name) ? names[name] : undefined) ?? byAffinity(name)
  const modifiers = inner
    .split(',')
    .map((modifier) => modifier.trim())
    .filter((modifier) => /^\d+$/.test(modifier))
  const keeps = modifiers.length > 0 && withModifiers.includes(baseType)
  return {
    baseType,
    nominalType: keeps ? `${baseType}(${modifiers.join(',')})` : baseType,
    maxLength: keeps && baseType !== 'numeric' ? Number(modifiers[0]) : null,
  }
}

/** Rule  SQLite manual: Datatypes, Determination Of Column Affinity */
function byAffinity(name: string): string {
  if (name.includes('int')) return 'integer'
  if (/char|clob|text/.test(name)) return 'text'
  if (name.includes('blob')) return 'bytea'
  if (/real|floa|doub/.test(name)) return 'double precision'
  return 'any'
}
