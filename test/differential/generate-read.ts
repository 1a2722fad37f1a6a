/**
 * Random reads of the differential schema: valid ones mostly, in every construct of the contract, and
 * some with operands or names that have to be refused. A seed and an index make the same read again.
 */
import { createRandom, type Random } from '../fuzz/random.ts'
import { constrainedText } from './constrained-tables.ts'
import { textOf, uuids } from './schema.ts'
import { type Kind, type Table, tableNamed } from './table.ts'

/** A request to both engines. */
export interface Asked {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export type Parameter = readonly [name: string, value: string]

const casts: Readonly<Record<Kind, readonly string[]>> = {
  smallint: ['text', 'integer', 'bigint', 'numeric', 'double precision'],
  integer: ['text', 'smallint', 'bigint', 'numeric', 'double precision', 'boolean'],
  bigint: ['text', 'integer', 'numeric', 'double precision'],
  double: ['text', 'integer', 'bigint', 'numeric'],
  numeric: ['text', 'integer', 'double precision', 'numeric(6,1)'],
  boolean: ['text', 'integer', 'varchar(2)'],
  text: ['varchar(3)', 'char(2)', 'text', 'integer', 'boolean'],
  date: ['text', 'timestamp', 'date'],
  time: ['text', 'time'],
  timestamp: ['text', 'date', 'time', 'timestamp'],
  moment: ['text', 'date', 'timestamptz'],
  uuid: ['text', 'uuid', 'varchar(8)'],
  json: ['text', 'json', 'jsonb'],
  bytes: ['text', 'bytea'],
}
const anyCast = [
  'text',
  'integer',
  'boolean',
  'date',
  'timestamp',
  'time',
  'uuid',
  'jsonb',
  'json',
  'nosuch',
]
const patterns = ['*a*', 'A*', '*', 'x\\%25y', '*_y', 'É*', '']
const regexes = ['^a', 'b$', '[0-9]', '^$']
const contained = ['{}', '[]', '{"a":1}', '[1]', '1', '"s"', '{"a":{"b":[1]}}']
const arrows = [
  '->a',
  '->>a',
  '->a->b',
  '->a->b->1',
  '->a->b->2->>c',
  '->0',
  '->>0',
  '->-1',
  '->>k',
  '->nope',
]

export function generateRead(tables: readonly Table[], seed: number, index: number): Asked {
  const random = createRandom(seed, index)
  const table = random.pick(tables)
  const parameters = queryOf(tables, table, '', random, 2)
  const headers: Record<string, string> = {}
  if (random.chance(0.3)) headers['Prefer'] = 'count=exact'
  if (random.chance(0.1) && parameters.some(([name]) => name === 'order'))
    headers['Range'] = `${random.int(0, 5)}-${random.int(0, 12)}`
  const accept = random.oneOf<string | null>([
    [12, () => null],
    [2, () => 'text/csv'],
    [1, () => 'application/vnd.pgrst.object+json'],
    [1, () => 'application/vnd.pgrst.array+json;nulls=stripped'],
  ])
  if (accept !== null) headers['Accept'] = accept
  const query = parameters.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
  return {
    method: random.chance(0.05) ? 'HEAD' : 'GET',
    target: `/${table.name}${query === '' ? '' : `?${query}`}`,
    headers,
    body: null,
  }
}

export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /%(?:2C|3A|28|29|22|7B|7D|3E|21|24|40|2F)/g,
    decodeURIComponent,
  )
}

/** Every level has a whole order, so that equal rows come in an equal order. */
function queryOf(
  tables: readonly Table[],
  table: Table,
  prefix: string,
  random: Random,
  depth: number,
  isGrouped = random.chance(0.12),
): readonly Parameter[] {
  const parameters: Parameter[] = []
  const embeds: Parameter[] = []
  const select = isGrouped
    ? groups(table, random)
    : selected(tables, table, prefix, random, depth, embeds)
  if (prefix === '' && select !== '') parameters.push(['select', select])
  parameters.push(...random.times(0, 2, () => filterParameter(table, prefix, random)))
  if (random.chance(0.15))
    parameters.push([`${prefix}${random.pick(['or', 'and', 'not.or'])}`, logic(table, random, 2)])
  if (!isGrouped) {
    const terms = random
      .some(table.columns, 2)
      .map(
        ([name]) =>
          `${name}${random.pick(['', '.desc', '.asc', '.nullsfirst', '.desc.nullslast'])}`,
      )
    const own = table.columns.some(([, kind]) => kind === 'json')
      ? terms.filter((term) => !term.startsWith('meta'))
      : terms
    parameters.push([`${prefix}order`, [...own, ...table.key].join(',')])
    if (random.chance(0.2)) parameters.push([`${prefix}limit`, String(random.int(0, 6))])
    if (random.chance(0.1)) parameters.push([`${prefix}offset`, String(random.int(0, 4))])
  }
  return [...parameters, ...embeds]
}

export function selected(
  tables: readonly Table[],
  table: Table,
  prefix: string,
  random: Random,
  depth: number,
  embeds: Parameter[],
): string {
  const columns = random.chance(0.3)
    ? ['*']
    : random.times(1, 4, () => {
        const [name, kind] = random.pick(table.columns)
        const path = kind === 'json' && random.chance(0.6) ? random.pick(arrows) : ''
        const type = random.pick(
          random.chance(0.04) ? anyCast : casts[path.includes('->>') ? 'text' : kind],
        )
        const cast = random.chance(0.15) ? `::${type}` : ''
        const alias =
          path !== '' || cast !== '' || random.chance(0.1) ? `x${random.int(1, 999)}:` : ''
        return `${alias}${name}${path}${cast}`
      })
  const children =
    depth > 0
      ? random.some(table.embeds, random.chance(0.5) ? 1 : 2).map(({ name, hint, isMany, to }) => {
          const child = tableNamed(tables, to)
          const inner: Parameter[] = []
          const isSpread = random.chance(0.2)
          const columnsOfChild = selected(
            tables,
            child,
            `${prefix}${name}.`,
            random,
            isSpread ? 0 : depth - 1,
            inner,
          )
          const rest = queryOf(tables, child, `${prefix}${name}.`, random, 0, false).filter(
            ([key]) => !key.endsWith('select'),
          )
          embeds.push(
            ...inner,
            ...(isSpread && !isMany
              ? rest.filter(([key]) => !/order|limit|offset/.test(key))
              : rest),
          )
          const join = random.chance(0.25) ? '!inner' : ''
          const found = hint === undefined ? name : `${name}:${hint}`
          return `${isSpread ? '...' : ''}${found}${join}(${columnsOfChild})`
        })
      : []
  return [...new Set([...columns, ...children])].join(',')
}

function groups(table: Table, random: Random): string {
  const aggregates = random.times(1, 2, (index) => {
    const [name] = random.pick(table.columns)
    return random.chance(0.4)
      ? `n${index}:count()`
      : `m${index}:${name}.${random.pick(['sum', 'avg', 'min', 'max', 'count'])}()`
  })
  return [...random.some(table.columns, 1).map(([name]) => name), ...aggregates].join(',')
}

export function filterParameter(table: Table, prefix: string, random: Random): Parameter {
  const [field, operation] = filter(table, random)
  return [`${prefix}${field}`, operation]
}

function logic(table: Table, random: Random, depth: number): string {
  const terms = random.times(1, 3, () => {
    if (depth > 0 && random.chance(0.25))
      return `${random.pick(['', 'not.'])}${random.pick(['or', 'and'])}${logic(table, random, depth - 1)}`
    const [field, operation] = filter(table, random, true)
    return `${field}.${operation}`
  })
  return `(${terms.join(',')})`
}

function filter(table: Table, random: Random, isNested = false): readonly [string, string] {
  const [name, kind] = random.pick(table.columns)
  const path = kind === 'json' && random.chance(0.6) ? random.pick(arrows) : ''
  const compared: Kind = path.includes('->>') ? 'text' : kind
  const not = random.chance(0.15) ? 'not.' : ''
  const value = () =>
    random.chance(0.07)
      ? random.pick(['x', '', '1', '2024', 'true'])
      : ((random.chance(0.5) ? constrainedText(name, compared, random) : null) ??
        spelled(compared, random))
  const nested = (text: string) =>
    isNested && /[,.:(){}" ]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text
  const listed = () => random.times(0, 3, () => `"${value().replace(/["\\]/g, '\\$&')}"`).join(',')
  // an operator that is not for the type now and then
  const isStray = random.chance(0.02)
  const forText = isStray || compared === 'text' ? 1 : 0
  const forJson = isStray || compared === 'json' ? 1 : 0
  const truths = isStray || compared === 'boolean' ? ['true', 'false', 'unknown'] : []
  const operation = random.oneOf([
    [8, () => `${random.pick(['eq', 'neq', 'gt', 'gte', 'lt', 'lte'])}.${nested(value())}`],
    [2, () => `in.(${listed()})`],
    [2, () => `is.${random.pick(['null', 'not_null', ...truths])}`],
    [1, () => `isdistinct.${nested(value())}`],
    [1, () => `${random.pick(['eq', 'gt', 'lte'])}(${random.pick(['any', 'all'])}).{${listed()}}`],
    [4 * forText, () => `${random.pick(['like', 'ilike'])}.${nested(random.pick(patterns))}`],
    [2 * forText, () => `${random.pick(['match', 'imatch'])}.${nested(random.pick(regexes))}`],
    [4 * forJson, () => `${random.pick(['cs', 'cd'])}.${nested(random.pick(contained))}`],
  ])
  return [`${name}${path}`, `${not}${operation}`]
}

/** An operand as clients may write it. */
function spelled(kind: Kind, random: Random): string {
  const value = textOf(kind, random)
  switch (kind) {
    case 'timestamp':
      return random.oneOf([
        [4, () => value],
        [2, () => `${value}Z`],
        [1, () => value.replace('T', ' ')],
        [1, () => value.slice(0, 10)],
        [1, () => value.slice(0, 16)],
        [1, () => value.replace(/[-:]/g, '')],
        [
          0.3,
          () =>
            random.pick([
              '2024-02-30',
              '2024-01-01T25:00',
              'soon',
              'infinity',
              '-infinity',
              'epoch',
            ]),
        ],
      ])
    case 'moment':
      return random.oneOf([
        [4, () => value],
        [1, () => value.replace('T', ' ')],
        [1, () => value.replace(/:00$/, '')],
        [1, () => value.slice(0, 16)],
        [0.3, () => random.pick(['2024-03-01T00:00+25:00', 'soon', 'epoch', 'infinity'])],
      ])
    case 'date':
      return random.oneOf([
        [4, () => value],
        [1, () => value.replaceAll('-', '')],
        [1, () => value.replaceAll('-0', '-')],
        [1, () => `${value}T12:00:00Z`],
        [0.3, () => random.pick(['2024-02-30', '2024-13-01', 'soon', 'infinity'])],
      ])
    case 'time':
      return random.pick([
        value,
        value,
        value.slice(0, 5),
        value.slice(0, 5).replace(':', ''),
        '24:00',
        '25:00',
        'x',
      ])
    case 'uuid':
      return random.pick([
        value,
        value.toUpperCase(),
        value.replaceAll('-', ''),
        `{${value}}`,
        random.pick(uuids),
      ])
    case 'double':
      return random.pick([value, value, value, 'NaN', 'Infinity', '-Infinity', '1e400'])
    case 'numeric':
      return random.pick([value, value, value, 'NaN', '1.50'])
    case 'smallint':
      return random.pick([value, value, value, '40000'])
    case 'bigint':
      return random.pick([value, value, value, '9223372036854775808'])
    case 'boolean':
      return random.pick([value, value, 't', 'no', '1'])
    case 'bytes':
      return `\\x${value}`
    default:
      return value
  }
}
