/**
 * The parts of a query, by the request grammar: select trees, filters, logic trees, order, windows.
 * They hold names of the model and values of their types, so that most of them mean something.
 *
 * Rule  PostgREST docs: url_grammar, tables_views, resource_embedding, aggregate_functions
 */
import type { FuzzColumn, FuzzEmbed, FuzzModel, FuzzRelation } from './fuzz-model.ts'
import { nastyText, valueText, wordText } from './generate-value.ts'
import { patternTexts } from './nasty-texts.ts'
import type { Random } from './random.ts'

/** Decoded; what is encoded and how is decided by encode-target.ts. */
export type Pair = readonly [key: string, value: string]

export interface QueryScope {
  readonly model: FuzzModel
  readonly random: Random
}

const plainName = /^[\p{L}\d_$]+( [\p{L}\d_$]+)*$/u
/** Outside quotes these mean something else as the key of a pair. */
const reserved = /^(select|columns|on_conflict|order|limit|offset|and|or|not)$/

/** A name as the grammar wants it: in quotes where it needs them, sometimes where it does not. */
export function nameText(name: string, random: Random): string {
  if (plainName.test(name) && !reserved.test(name) && random.chance(0.97)) return name
  return `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function anyName(random: Random): string {
  return nameText(
    random.oneOf([
      [1, () => nastyText(random)],
      [1, () => wordText(random)],
    ]),
    random,
  )
}

const unknownColumn: FuzzColumn = { name: 'id', type: 'integer', labels: [] }

function columnOf(relation: FuzzRelation, random: Random): FuzzColumn {
  return relation.columns.length === 0 ? unknownColumn : random.pick(relation.columns)
}

function jsonSteps(random: Random): string {
  const keys = ['a', 'b', 'k', 'pages', 'in', 'street', 'number', '0', '1', '-1', 'studio', 'name']
  const key = () =>
    random.oneOf([
      [12, () => random.pick(keys)],
      [1, () => wordText(random)],
      [1, () => anyName(random)],
    ])
  const steps = random.times(0, 2, () => `->${key()}`).join('')
  const last = random.chance(0.98) ? '' : `->>${key()}`
  return `${steps}${last}${random.pick(['->', '->>'])}${key()}`
}

const documents = /^(json|jsonb|api\.place)$|\[\]$/
/** Without an equality, or an order. */
const unequal = /^(json|xml|point|box|jsonpath|api\.place)$/
const numbers = /^(small|big)?int|^(integer|numeric|real|double|money|interval)/

function fieldText(relation: FuzzRelation, random: Random): { text: string; column: FuzzColumn } {
  if (random.chance(0.02)) return { text: anyName(random), column: unknownColumn }
  if (relation.computed.length > 0 && random.chance(0.1)) {
    return { text: random.pick(relation.computed), column: { ...unknownColumn, type: 'text' } }
  }
  const column = columnOf(relation, random)
  const name = nameText(column.name, random)
  const isJson = /^jsonb?$/.test(column.type)
  if (random.chance(isJson ? 0.5 : documents.test(column.type) ? 0.2 : 0.01)) {
    return { text: `${name}${jsonSteps(random)}`, column: { ...column, type: 'text', labels: [] } }
  }
  return { text: name, column }
}

const casts = ['text', 'text', 'character varying', 'varchar']
const numberCasts = ['text', 'int', 'numeric', 'float8', 'bigint']
const oddCasts = ['zqmark', 'json', 'int[]', ' ', 'int int', 'date', 'regclass', '日本', 'a$b', '1']

function castText(type: string, random: Random): string {
  const plausible = numbers.test(type) ? numberCasts : casts
  return `::${random.chance(0.95) ? random.pick(plausible) : random.pick(oddCasts)}`
}

function aggregateText(type: string, random: Random): string {
  const plausible = numbers.test(type) ? ['sum', 'avg', 'max', 'min', 'count'] : ['count']
  const name = random.chance(0.95) ? random.pick(plausible) : random.pick(['sum', 'max', 'min'])
  return `.${name}()${random.chance(0.3) ? castText('integer', random) : ''}`
}

function selectField(relation: FuzzRelation, random: Random): string {
  if (random.chance(0.1)) return '*'
  const { text, column } = fieldText(relation, random)
  const alias = random.chance(0.12) ? `${anyName(random)}:` : ''
  const cast = random.chance(0.1) ? castText(column.type, random) : ''
  const aggregate =
    random.chance(0.06) && !unequal.test(column.type)
      ? aggregateText(cast === '' ? column.type : 'text', random)
      : ''
  return `${alias}${text}${cast}${aggregate}`
}

interface Embedded {
  readonly text: string
  readonly paths: readonly { readonly path: string; readonly relation: FuzzRelation }[]
}

function embedItem(embed: FuzzEmbed, schema: string, depth: number, scope: QueryScope): Embedded {
  const { model, random } = scope
  const relation = model.relations.find(
    (each) => each.name === embed.relation && each.schema === schema,
  )
  const isSpread = random.chance(0.15)
  const alias = !isSpread && random.chance(0.2) ? random.pick(['x', 'y', 'other', 'the one']) : null
  const target = nameText(embed.target, random)
  const hint = embed.hint === null ? '' : `!${nameText(embed.hint, random)}`
  const join = random.chance(0.3) ? random.pick(['!inner', '!left']) : ''
  const inner =
    relation === undefined ? { text: '*', paths: [] } : selectTree(relation, depth + 1, scope)
  const shown = alias ?? embed.target
  const path = nameText(shown, random)
  const head = `${isSpread ? '...' : ''}${alias === null ? '' : `${alias}:`}${target}${hint}${join}`
  return {
    text: `${head}(${random.chance(0.03) ? '' : inner.text})`,
    paths:
      relation === undefined || isSpread
        ? []
        : [
            { path, relation },
            ...inner.paths.map((each) => ({ ...each, path: `${path}.${each.path}` })),
          ],
  }
}

/** A select list, and where its embeds can be addressed. */
export function selectTree(relation: FuzzRelation, depth: number, scope: QueryScope): Embedded {
  const { random } = scope
  const fields = random.times(depth === 0 ? 0 : 1, 4, () => selectField(relation, random))
  const wanted = random.chance(0.45 / (depth + 1)) ? random.some(relation.embeds, 2) : []
  const embeds = wanted.map((embed) => embedItem(embed, relation.schema, depth, scope))
  const items = [...fields, ...embeds.map((embed) => embed.text)]
  const separator = random.chance(0.01) ? ' , ' : ','
  return {
    text: items.length === 0 ? '*' : items.join(separator),
    paths: embeds.flatMap((embed) => embed.paths),
  }
}

// Filters

const comparisons = ['eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'isdistinct']
const patterns = ['like', 'ilike', 'match', 'imatch']
const containments = ['cs', 'cd', 'ov']
const rangeOperators = ['sl', 'sr', 'nxr', 'nxl', 'adj', 'cs', 'cd', 'ov']
const searches = ['fts', 'plfts', 'phfts', 'wfts']
const quantified = ['eq', 'gt', 'lte', 'like', 'ilike', 'match', 'imatch']
const isValues = ['null', 'not_null', 'true', 'false', 'unknown', 'NULL']
const configurations = ['english', 'english', 'simple', 'simple', 'german', 'zqmark']

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** In lists and logic trees, reserved characters want quotes. */
function memberText(text: string, random: Random): string {
  return /[,()"\\{}]/.test(text) ? (random.chance(0.9) ? quoted(text) : text) : text
}

function operatorsFor(type: string): readonly string[] {
  if (/range/.test(type)) return rangeOperators
  if (type === 'jsonb') return ['cs', 'cd']
  if (/\[\]$/.test(type)) return containments
  if (type === 'tsvector') return searches
  if (/^(text|character varying|char|name|varchar)/.test(type)) return [...patterns, ...searches]
  return []
}

/** `eq.1`, `not.in.(1,2)` …; `inTree`: inside a logic tree. */
function operationText(column: FuzzColumn, random: Random, inTree: boolean): string {
  const { type } = column
  const value = () =>
    column.labels.length > 0 && random.chance(0.8)
      ? random.pick(column.labels)
      : valueText(type, random)
  const one = () => (inTree ? memberText(value(), random) : value())
  const negation = random.chance(0.15) ? 'not.' : ''
  if (unequal.test(type) && random.chance(0.95)) {
    return `${negation}is.${random.pick(['null', 'not_null'])}`
  }
  const operation = random.oneOf([
    [6, () => `${random.pick(comparisons)}.${one()}`],
    [
      3,
      () => {
        const own = operatorsFor(type)
        const operator = random.pick(own.length === 0 ? comparisons : own)
        if (patterns.includes(operator)) {
          const pattern = random.pick([...patternTexts, value()])
          return `${operator}.${inTree ? memberText(pattern, random) : pattern}`
        }
        const language = searches.includes(operator) && random.chance(0.4)
        return `${operator}${language ? `(${random.pick(configurations)})` : ''}.${one()}`
      },
    ],
    [2, () => `in.(${random.times(0, 5, () => memberText(value(), random)).join(',')})`],
    [
      1,
      () => `is.${random.chance(0.9) ? random.pick(['null', 'not_null']) : random.pick(isValues)}`,
    ],
    [
      1,
      () => {
        const operator = random.pick(type === 'text' ? quantified : ['eq', 'gt', 'lte'])
        const members = random.times(0, 3, () => quoted(value())).join(',')
        return `${operator}(${random.pick(['any', 'all'])}).{${members}}`
      },
    ],
    [0.1, () => `${random.pick([...containments, ...rangeOperators, ...searches])}.${one()}`],
    [0.1, () => nastyText(random)],
  ])
  return `${negation}${operation}`
}

export function filterPair(relation: FuzzRelation, path: string, random: Random): Pair {
  const { text, column } = fieldText(relation, random)
  return [`${path}${text}`, operationText(column, random, false)]
}

function logicText(relation: FuzzRelation, depth: number, random: Random): string {
  const operands = random.times(1, 4, () => {
    if (depth < 4 && random.chance(0.2)) {
      const negation = random.chance(0.2) ? 'not.' : ''
      return `${negation}${random.pick(['and', 'or'])}${logicText(relation, depth + 1, random)}`
    }
    const { text, column } = fieldText(relation, random)
    return `${text}.${operationText(column, random, true)}`
  })
  return `(${operands.join(random.chance(0.05) ? ' , ' : ',')})`
}

export function logicPair(relation: FuzzRelation, path: string, random: Random): Pair {
  const operator = `${random.chance(0.2) ? 'not.' : ''}${random.pick(['and', 'or'])}`
  return [`${path}${operator}`, logicText(relation, 0, random)]
}

export function orderPair(
  relation: FuzzRelation,
  path: string,
  related: readonly string[],
  random: Random,
): Pair {
  const terms = random.times(1, 3, () => {
    const field =
      related.length > 0 && random.chance(0.2)
        ? `${random.pick(related)}(${random.pick(['id', 'name', 'title'])})`
        : fieldText(relation, random).text
    const direction = random.pick(['', '', '.asc', '.desc'])
    const nulls = random.pick(['', '', '.nullsfirst', '.nullslast'])
    return `${field}${direction}${nulls}`
  })
  return [`${path}order`, terms.join(',')]
}

export function windowPair(path: string, random: Random): Pair {
  const value = random.oneOf([
    [10, () => String(random.int(0, 5))],
    [1, () => valueText('integer', random)],
    [1, () => nastyText(random)],
  ])
  return [`${path}${random.pick(['limit', 'limit', 'offset'])}`, value]
}

export function columnNames(relation: FuzzRelation, random: Random): readonly string[] {
  const names = random.some(relation.columns, 6).map((column) => column.name)
  return names.length === 0 ? [unknownColumn.name] : names
}
