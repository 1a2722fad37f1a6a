/**
 * The media handlers of a snapshot, as its dump lists them: first the built-in ones, each replaced
 * by the schema's own where it has one, then the schema's other handlers.
 */

import { assertNever } from '../core/assert-never.ts'
import { type ExplainOption, type MediaType, parseMediaType } from '../core/media-type.ts'
import type { MediaHandlerSource } from '../schema/catalog.ts'
import { dumpName } from './dump-name.ts'

const anyRelation = { tag: 'RelAnyElement' } as const

const builtIns: readonly (readonly [MediaType['kind'], string, MediaType])[] = [
  ['csv', 'BuiltinOvAggCsv', { kind: 'csv' }],
  ['geojson', 'BuiltinOvAggGeoJson', { kind: 'geojson' }],
  ['json', 'BuiltinOvAggJson', { kind: 'json' }],
  ['any', 'BuiltinOvAggJson', { kind: 'json' }],
]

/** [[relation, media type asked for], [handler, media type answered]] for each. */
export function dumpMediaHandlers(handlers: readonly MediaHandlerSource[]): readonly unknown[] {
  const custom = new Map<string, unknown>()
  for (const { mediaType, relation, routine } of handlers) {
    const asked = parseMediaType(mediaType.toLowerCase())
    const produced = parseMediaType(mediaType)
    const target = relation === null ? anyRelation : { contents: dumpName(relation), tag: 'RelId' }
    const key = [target, dumpMediaType(asked)]
    const answered: MediaType = produced.kind === 'any' ? { kind: 'octet-stream' } : produced
    // of several handlers for the same key the last counts
    custom.set(JSON.stringify(key), [
      key,
      [{ contents: [dumpName(routine), target], tag: 'CustomFunc' }, dumpMediaType(answered)],
    ])
  }
  const overridable = builtIns.map(([kind, handler, produced]) => {
    const key = [anyRelation, { tag: tags[kind] }]
    return { key, entry: [key, [{ tag: handler }, dumpMediaType(produced)]] }
  })
  return [
    ...overridable.flatMap(({ key, entry }) => (custom.has(JSON.stringify(key)) ? [] : [entry])),
    ...custom.values(),
  ]
}

const tags = {
  json: 'MTApplicationJSON',
  geojson: 'MTGeoJSON',
  csv: 'MTTextCSV',
  text: 'MTTextPlain',
  xml: 'MTTextXML',
  openapi: 'MTOpenAPI',
  form: 'MTUrlEncoded',
  'octet-stream': 'MTOctetStream',
  any: 'MTAny',
  'array-stripped': 'MTVndArrayJSONStrip',
  singular: 'MTVndSingularJSON',
  plan: 'MTVndPlan',
  other: 'MTOther',
} as const satisfies Record<MediaType['kind'], string>

const optionNames = {
  analyze: 'PlanAnalyze',
  verbose: 'PlanVerbose',
  settings: 'PlanSettings',
  buffers: 'PlanBuffers',
  wal: 'PlanWAL',
} as const satisfies Record<ExplainOption, string>

function dumpMediaType(type: MediaType): unknown {
  const tag = tags[type.kind]
  switch (type.kind) {
    case 'json':
    case 'geojson':
    case 'csv':
    case 'text':
    case 'xml':
    case 'openapi':
    case 'form':
    case 'octet-stream':
    case 'any':
    case 'array-stripped':
      return { tag }
    case 'other':
      return { contents: type.text, tag }
    case 'singular':
      return { contents: type.stripNulls, tag }
    case 'plan': {
      const format = type.format === 'json' ? 'PlanJSON' : 'PlanText'
      const names = type.options.map((option) => optionNames[option])
      return { contents: [dumpMediaType(type.of), format, names], tag }
    }
    default:
      return assertNever(type)
  }
}
