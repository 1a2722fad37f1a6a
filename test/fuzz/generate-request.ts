/**
 * One request from the seed's number and its own: a read, write, call, description or oddity over
 * the model, put together by the grammar and then, now and then, damaged.
 */
import { encodePart, encodings, mutateTarget } from './encode-target.ts'
import type { FuzzModel, FuzzRelation, FuzzRoutine } from './fuzz-model.ts'
import { argumentsBody, type FuzzBody, rowsBody } from './generate-body.ts'
import { extremeRequest } from './generate-extreme.ts'
import { type HeaderLine, headerLines } from './generate-headers.ts'
import {
  columnNames,
  filterPair,
  logicPair,
  nameText,
  orderPair,
  type Pair,
  selectTree,
  windowPair,
} from './generate-query.ts'
import { nastyText, valueText } from './generate-value.ts'
import { createRandom, type Random } from './random.ts'

export interface FuzzRequest {
  readonly method: string
  /** As on the wire, one unit per byte. */
  readonly target: string
  readonly headers: readonly HeaderLine[]
  readonly body: Buffer | null
  /** The body in chunks, without its length in front. */
  readonly isChunked?: boolean
  /** Nothing was damaged on purpose, though values may still be nasty. */
  readonly isWellFormed: boolean
}

export interface GeneratorOptions {
  readonly model: FuzzModel
  readonly seed: number
  readonly authorizations: readonly string[]
  /** False: one write in hundreds, to see it refused. */
  readonly writes: boolean
}

interface Draft {
  readonly method: string
  readonly path: readonly string[]
  readonly pairs: readonly Pair[]
  /** Encoded already; in place of pairs. */
  readonly query?: string
  readonly schema: string | null
  readonly body?: FuzzBody
}

interface Making {
  readonly model: FuzzModel
  readonly random: Random
}

/** The first schema needs no profile. */
function profileOf(schema: string, { model }: Making): string | null {
  return schema === model.schemas[0] ? null : schema
}

function readPairs(relation: FuzzRelation, making: Making): readonly Pair[] {
  const { random } = making
  const pairs: Pair[] = []
  const tree = selectTree(relation, 0, making)
  if (random.chance(0.7)) pairs.push(['select', tree.text])
  const embeds = pairs.length === 0 ? [] : tree.paths
  const places = [
    { prefix: '', relation, related: embeds.map((embed) => embed.path) },
    ...embeds.map((embed) => ({
      prefix: `${embed.path}.`,
      relation: embed.relation,
      related: [],
    })),
  ]
  for (const place of places) {
    const isRoot = place.prefix === ''
    const often = (share: number) => random.chance(isRoot ? share : share / 2)
    if (often(0.6)) {
      pairs.push(...random.times(1, 3, () => filterPair(place.relation, place.prefix, random)))
    }
    if (often(0.15)) pairs.push(logicPair(place.relation, place.prefix, random))
    if (often(0.3)) pairs.push(orderPair(place.relation, place.prefix, place.related, random))
    if (often(0.3)) pairs.push(windowPair(place.prefix, random))
  }
  for (const embed of embeds) {
    if (random.chance(0.1)) pairs.push([embed.path, random.pick(['is.null', 'not.is.null'])])
  }
  return pairs
}

function read(making: Making): Draft {
  const { model, random } = making
  const relation = random.pick(model.relations)
  return {
    method: random.chance(0.93) ? 'GET' : 'HEAD',
    path: [relation.name],
    pairs: readPairs(relation, making),
    schema: profileOf(relation.schema, making),
  }
}

function keyPairs(relation: FuzzRelation, random: Random): readonly Pair[] {
  return relation.primaryKey.map((name): Pair => {
    const type = relation.columns.find((column) => column.name === name)?.type ?? 'integer'
    return [nameText(name, random), `eq.${valueText(type, random)}`]
  })
}

function write(making: Making): Draft {
  const { model, random } = making
  const relation = random.pick(model.relations)
  const method = random.pick(['POST', 'POST', 'PATCH', 'PUT', 'DELETE'])
  const keys = relation.columns.filter((column) => relation.primaryKey.includes(column.name))
  const chosen = new Set([...(method === 'PATCH' ? [] : keys), ...random.some(relation.columns, 5)])
  const fields = method === 'PUT' && random.chance(0.7) ? relation.columns : [...chosen]
  const body = rowsBody(fields, random)
  const returned = random.chance(0.4)
    ? [['select', selectTree(relation, 0, making).text] as const]
    : []
  const columns: readonly Pair[] =
    method !== 'DELETE' && random.chance(0.15)
      ? [
          [
            'columns',
            columnNames(relation, random)
              .map((name) => nameText(name, random))
              .join(','),
          ],
        ]
      : []
  const conflict: readonly Pair[] =
    method === 'POST' && random.chance(0.15)
      ? [['on_conflict', relation.primaryKey.map((name) => nameText(name, random)).join(',')]]
      : []
  const filters =
    method === 'PUT'
      ? keyPairs(relation, random)
      : method === 'POST'
        ? []
        : random.chance(0.6)
          ? keyPairs(relation, random)
          : random.times(0, 2, () => filterPair(relation, '', random))
  return {
    method,
    path: [relation.name],
    pairs: [...returned, ...columns, ...conflict, ...filters],
    schema: profileOf(relation.schema, making),
    ...(method === 'DELETE' && random.chance(0.9) ? {} : { body }),
  }
}

function call(making: Making): Draft {
  const { model, random } = making
  const routine: FuzzRoutine = random.pick(model.routines)
  const path = ['rpc', routine.name]
  const schema = profileOf(routine.schema, making)
  const given = routine.parameters.filter((each) => each.isRequired || random.chance(0.7))
  const named = random.chance(0.95) ? given : given.slice(1)
  const isUnnamed = named.some((each) => each.name === '')
  const relation = model.relations.find(
    (each) => each.name === routine.relation && each.schema === routine.schema,
  )
  const shape: readonly Pair[] = relation === undefined ? [] : readPairs(relation, making)
  if (random.chance(isUnnamed ? 0.05 : 0.5)) {
    const pairs = named.flatMap((each): readonly Pair[] =>
      random.times(1, each.isVariadic ? 3 : 1, (): Pair => {
        const type = each.isVariadic ? each.type.replace('[]', '') : each.type
        return [each.name, valueText(type, random)]
      }),
    )
    return {
      method: random.chance(0.9) ? 'GET' : 'HEAD',
      path,
      pairs: [...pairs, ...shape],
      schema,
    }
  }
  return { method: 'POST', path, pairs: shape, schema, body: argumentsBody(named, random) }
}

/** Names that are no such thing, other methods, the root. */
function oddity(making: Making): Draft {
  const { model, random } = making
  const name = random.oneOf([
    [2, () => nastyText(random)],
    [1, () => random.pick(model.relations).name.slice(0, -1)],
    [
      1,
      () =>
        random.pick([
          'rpc',
          'pg_class',
          'information_schema.tables',
          'vault',
          'things',
          'favicon.ico',
        ]),
    ],
  ])
  return random.oneOf<Draft>([
    [3, () => ({ method: 'GET', path: [name], pairs: [], schema: null })],
    [
      2,
      () => ({
        method: random.pick(['GET', 'POST']),
        path: ['rpc', name],
        pairs: [],
        schema: null,
      }),
    ],
    [
      2,
      () => ({
        method: 'OPTIONS',
        path: [random.pick(model.relations).name],
        pairs: [],
        schema: null,
      }),
    ],
    [
      1,
      () => ({
        method: random.pick(['GET', 'HEAD', 'OPTIONS', 'POST']),
        path: [],
        pairs: [],
        schema: null,
      }),
    ],
    [1, () => ({ method: 'GET', path: [name, name, name], pairs: [], schema: null })],
    [
      2,
      () => {
        const relation = random.pick(model.relations)
        return {
          ...read(making),
          path: [relation.name],
          method: random.pick(['TRACE', 'PROPFIND', 'LOCK', 'QUERY', 'PUT', 'DELETE', 'PATCH']),
        }
      },
    ],
  ])
}

function extreme(making: Making): Draft {
  const { model, random } = making
  const relation = random.pick(model.relations)
  const own = relation.embeds.find((embed) => embed.relation === relation.name)
  const embed = own?.target ?? relation.embeds[0]?.target ?? relation.name
  const { method, query, body } = extremeRequest(
    encodePart(nameText(embed, random), 'needed'),
    random,
  )
  return {
    method,
    path: [relation.name],
    pairs: [],
    query,
    schema: profileOf(relation.schema, making),
    ...(body === undefined ? {} : { body }),
  }
}

function draftOf(making: Making, writes: boolean): Draft {
  const { model } = making
  return making.random.oneOf<Draft>([
    [0.2, () => extreme(making)],
    [60, () => read(making)],
    [writes ? 20 : 1, () => write(making)],
    [model.routines.length > 0 ? 14 : 0, () => call(making)],
    [6, () => oddity(making)],
  ])
}

function targetOf(draft: Draft, random: Random): string {
  const encoding = random.pick(encodings)
  const pairs = draft.pairs.map(
    ([key, value]) => `${encodePart(key, encoding)}=${encodePart(value, encoding)}`,
  )
  const query = draft.query ?? pairs.join('&')
  const path = draft.path.map((segment) => encodePart(segment, encoding)).join('/')
  return `/${path}${query === '' ? '' : `?${query}`}`
}

export function requestAt(index: number, options: GeneratorOptions): FuzzRequest {
  const { model, seed, authorizations, writes } = options
  const random = createRandom(seed, index)
  const making = { model, random }
  const draft = draftOf(making, writes)
  const isWellFormed = random.chance(0.8)
  const target = targetOf(draft, random)
  const { body } = draft
  const type = body?.contentType ?? null
  const lines = headerLines({
    random,
    schema: draft.schema,
    isWrite: !['GET', 'HEAD', 'OPTIONS'].includes(draft.method),
    authorizations,
  })
  return {
    method: draft.method,
    target: isWellFormed ? target : mutateTarget(target, random),
    headers: [...lines, ...(type === null ? [] : [['Content-Type', type] as const])],
    body: body?.bytes ?? null,
    isChunked: random.chance(0.05),
    isWellFormed,
  }
}
