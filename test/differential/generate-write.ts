/**
 * Random writes of the differential schema: every verb, payload and preference of the contract, rows
 * that fit mostly, and some with values, columns or keys that have to be refused.
 */
import { createRandom, type Random } from '../fuzz/random.ts'
import { constrainedText } from './constrained-tables.ts'
import { type Asked, encode, filterParameter, type Parameter, selected } from './generate-read.ts'
import { textOf } from './schema.ts'
import type { Kind, Table } from './table.ts'

/** By column; null is none. */
type Values = readonly (readonly [column: string, kind: Kind, text: string | null])[]

export function generateWrite(tables: readonly Table[], seed: number, index: number): Asked {
  const random = createRandom(seed, index)
  const written = tables.filter(({ uniqueKeys }) => uniqueKeys.length > 0)
  const table = random.pick(random.chance(0.5) ? written.slice(-2) : written)
  const draft = random.oneOf<Draft>([
    [5, () => post(table, random)],
    [3, () => patch(table, random)],
    [2, () => remove(table, random)],
    [1, () => put(table, random)],
  ])
  return asked(tables, table, draft, random)
}

interface Draft {
  readonly method: string
  readonly parameters: readonly Parameter[]
  readonly preferences: readonly string[]
  readonly body: Body | null
}

function kindOf(table: Table, name: string): Kind {
  return table.columns.find(([column]) => column === name)?.[1] ?? 'text'
}

function textFor(name: string, kind: Kind, random: Random): string {
  return constrainedText(name, kind, random) ?? textOf(kind, random)
}

const strayTexts = [
  '99999999999',
  'NaN',
  'x',
  '',
  '1.5',
  'true',
  '2024-02-30',
  '40000',
  '[1]',
  '{}',
  'null',
  ' 7 ',
  '\u0000',
]

function valuesOf(names: readonly string[], table: Table, random: Random): Values {
  return names.map((name) => {
    const kind = kindOf(table, name)
    const isRequired = table.required.includes(name)
    if (random.chance(isRequired ? 0.02 : 0.1)) return [name, kind, null]
    if (random.chance(0.02)) return [name, kind, random.pick(strayTexts)]
    return [name, kind, textFor(name, kind, random)]
  })
}

/** Columns of one row: those that it has to give, and some of the others. */
function columnsOf(table: Table, random: Random): readonly string[] {
  const free = table.columns.flatMap(([name]) => {
    const isMeant = !table.generated.includes(name) || random.chance(0.02)
    return isMeant && !table.required.includes(name) ? [name] : []
  })
  const required = table.required.filter(() => !random.chance(0.03))
  const stray = random.chance(0.02) ? ['nosuch'] : []
  return [...new Set([...required, ...random.some(free, 4), ...stray])]
}

const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/
const raw: readonly Kind[] = ['smallint', 'integer', 'bigint', 'double', 'numeric']

function jsonOf(kind: Kind, text: string | null, random: Random): string {
  if (text === null) return 'null'
  if (kind === 'json') return isJson(text) ? text : JSON.stringify(text)
  const isNumber = raw.includes(kind) && plainNumber.test(text)
  if ((isNumber || kind === 'boolean') && isJson(text) && !random.chance(0.1)) return text
  if (kind === 'bytes') return JSON.stringify(`\\x${text}`)
  if (random.chance(0.02)) return random.pick(['1', 'true', '[1,2]', '{"a":1}', '1.5', '""'])
  return JSON.stringify(text)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function objectOf(values: Values, random: Random): string {
  const members = values.map(([name, kind, text]) => `"${name}":${jsonOf(kind, text, random)}`)
  return `{${members.join(',')}}`
}

function csvField(kind: Kind, text: string | null): string {
  if (text === null) return 'NULL'
  const value = kind === 'bytes' ? `\\x${text}` : text
  return /[",\n\r]/.test(value) || value === '' ? `"${value.replaceAll('"', '""')}"` : value
}

interface Body {
  readonly type: string | null
  readonly text: string
}

function rowsBody(table: Table, random: Random): Body & { readonly columns: readonly string[] } {
  const columns = columnsOf(table, random)
  const row = () => valuesOf(columns, table, random)
  const make = random.oneOf<() => Body>([
    [6, () => () => ({ type: 'application/json', text: objectOf(row(), random) })],
    [
      4,
      () => () => ({
        type: 'application/json',
        text: `[${random.times(1, 4, () => objectOf(row(), random)).join(',')}]`,
      }),
    ],
    [
      2,
      () => () => ({
        type: 'text/csv',
        text: [
          columns.join(','),
          ...random.times(0, 3, () =>
            row()
              .map(([, kind, text]) => csvField(kind, text))
              .join(','),
          ),
        ].join('\n'),
      }),
    ],
    [
      1,
      () => () => ({
        type: 'application/x-www-form-urlencoded',
        text: row()
          .map(([name, , text]) => `${name}=${encodeURIComponent(text ?? '')}`)
          .join('&'),
      }),
    ],
    [
      0.6,
      () => () => ({
        type: 'application/json',
        text: random.pick([
          '{}',
          '[]',
          '[{}]',
          '[{},{}]',
          '',
          'null',
          '1',
          '"a"',
          '[1]',
          '{"id":',
          '[null]',
        ]),
      }),
    ],
  ])
  return { ...make(), columns }
}

/** Objects with keys of their own each, over `columns`. */
function unevenBody(table: Table, random: Random): Body & { readonly columns: readonly string[] } {
  const columns = columnsOf(table, random)
  const rows = random.times(1, 4, () => {
    // numbers that are given to some rows, and chosen by one that is not, are an engine's own matter
    const own = columns.filter((name) => {
      return name === 'id' || table.required.includes(name) || random.chance(0.6)
    })
    return objectOf(valuesOf(own, table, random), random)
  })
  return { type: 'application/json', text: `[${rows.join(',')}]`, columns }
}

function post(table: Table, random: Random): Draft {
  const isUneven = random.chance(0.2)
  const body = isUneven ? unevenBody(table, random) : rowsBody(table, random)
  const parameters: Parameter[] = []
  const preferences: string[] = []
  if (isUneven || random.chance(0.15)) {
    const listed = random.chance(0.9) ? body.columns : columnsOf(table, random)
    parameters.push(['columns', listed.join(',')])
  }
  if (random.chance(isUneven ? 0.6 : 0.15))
    preferences.push(`missing=${random.pick(['default', 'default', 'null'])}`)
  if (random.chance(0.4)) {
    preferences.push(`resolution=${random.pick(['merge-duplicates', 'ignore-duplicates'])}`)
    if (random.chance(0.5)) {
      const target = random.chance(0.95) ? random.pick(table.uniqueKeys) : ['nosuch']
      parameters.push(['on_conflict', target.join(',')])
    }
  } else if (random.chance(0.03)) parameters.push(['on_conflict', table.key.join(',')])
  return { method: 'POST', parameters, preferences, body }
}

function filters(table: Table, random: Random): readonly Parameter[] {
  const byKey = table.key.map((name): Parameter => {
    const text = textFor(name, kindOf(table, name), random)
    return [name, `${random.pick(['eq', 'eq', 'lte', 'gt'])}.${text}`]
  })
  return random.oneOf<readonly Parameter[]>([
    [5, () => byKey],
    [3, () => [...random.times(1, 2, () => filterParameter(table, '', random))]],
    [1, () => [...byKey, filterParameter(table, '', random)]],
    [0.4, () => []],
  ])
}

function patch(table: Table, random: Random): Draft {
  const free = table.columns.flatMap(([name]) => {
    if (table.fixed?.includes(name) === true) return []
    const isKey = table.key.includes(name) && !random.chance(0.15)
    return isKey || (table.generated.includes(name) && !random.chance(0.05)) ? [] : [name]
  })
  const names = random.some(free, 3)
  const stray = random.chance(0.02) ? ['nosuch'] : []
  const values = valuesOf([...names, ...stray], table, random)
  const body = random.oneOf<Body>([
    [8, () => ({ type: 'application/json', text: objectOf(values, random) })],
    [1, () => ({ type: 'application/json', text: `[${objectOf(values, random)}]` })],
    [
      0.5,
      () => ({
        type: 'text/csv',
        text: `${values.map(([name]) => name).join(',')}\n${values.map(([, kind, text]) => csvField(kind, text)).join(',')}`,
      }),
    ],
    [
      0.3,
      () => ({ type: 'application/json', text: random.pick(['{}', '[]', '', '[{}]', '1', '{']) }),
    ],
  ])
  const parameters = [...filters(table, random)]
  if (random.chance(0.1)) {
    parameters.push([
      'columns',
      random.chance(0.8) ? names.join(',') : columnsOf(table, random).join(','),
    ])
  }
  const preferences = random.chance(0.1) ? ['missing=default'] : []
  return { method: 'PATCH', parameters, preferences, body }
}

function remove(table: Table, random: Random): Draft {
  return { method: 'DELETE', parameters: filters(table, random), preferences: [], body: null }
}

function put(table: Table, random: Random): Draft {
  const key = valuesOf(table.key, table, random)
  const named = random.chance(0.9) ? key : valuesOf(table.key, table, random)
  const parameters = named.map(([name, , text]): Parameter => [name, `eq.${text ?? 'null'}`])
  const others = columnsOf(table, random).filter((name) => !table.key.includes(name))
  const values = [...key, ...valuesOf(others, table, random)]
  const text = objectOf(values, random)
  const body = { type: 'application/json', text: random.chance(0.1) ? `[${text}]` : text }
  if (random.chance(0.05)) parameters.push(filterParameter(table, '', random))
  const preferences = random.chance(0.1) ? ['missing=default'] : []
  return { method: 'PUT', parameters, preferences, body }
}

function asked(
  tables: readonly Table[],
  table: Table,
  { method, parameters, preferences, body }: Draft,
  random: Random,
): Asked {
  const query: Parameter[] = [...parameters]
  const preferred = [...preferences]
  const shown = random.pick(['representation', 'representation', 'headers-only', 'minimal', null])
  if (shown !== null) preferred.push(`return=${shown}`)
  if (shown === 'representation' || random.chance(0.1)) {
    const embedded: Parameter[] = []
    if (random.chance(0.7)) {
      query.push([
        'select',
        selected(tables, table, '', random, random.chance(0.4) ? 1 : 0, embedded),
      ])
    }
    query.push(...embedded)
    if (random.chance(0.4))
      query.push(['order', [random.pick(table.columns)[0], ...table.key].join(',')])
  }
  if (random.chance(0.2)) preferred.push('count=exact')
  if (random.chance(0.1)) preferred.push(`tx=${random.pick(['rollback', 'commit'])}`)
  if (random.chance(0.1)) preferred.push(`max-affected=${random.int(0, 3)}`)
  if (random.chance(0.15)) preferred.push(`handling=${random.pick(['strict', 'lenient'])}`)
  if (random.chance(0.03)) preferred.push('nosuch=1')
  const accept = random.oneOf<string | null>([
    [10, () => null],
    [1, () => 'text/csv'],
    [1.5, () => 'application/vnd.pgrst.object+json'],
    [0.5, () => 'application/vnd.pgrst.array+json;nulls=stripped'],
  ])
  const search = query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
  return {
    method,
    target: `/${table.name}${search === '' ? '' : `?${search}`}`,
    headers: {
      ...(preferred.length === 0 ? {} : { Prefer: preferred.join(', ') }),
      ...(accept === null ? {} : { Accept: accept }),
      ...(body === null || body.type === null ? {} : { 'Content-Type': body.type }),
    },
    body: body?.text ?? null,
  }
}
