/**
 * Media types as the contract knows them: those with a meaning of their own, plan documents with
 * their options, and any other by its text. Parses and prints them; which one answers a request is
 * decided by plan/negotiate-media.ts.
 */
import { assertNever } from './assert-never.ts'

export type MediaType =
  | { readonly kind: 'json' }
  | { readonly kind: 'geojson' }
  | { readonly kind: 'csv' }
  | { readonly kind: 'text' }
  | { readonly kind: 'xml' }
  | { readonly kind: 'openapi'; readonly version?: '2.0' | '3.1' }
  | { readonly kind: 'form' }
  | { readonly kind: 'octet-stream' }
  | { readonly kind: 'any' }
  | { readonly kind: 'array-stripped' }
  | { readonly kind: 'singular'; readonly stripNulls: boolean }
  | {
      readonly kind: 'plan'
      readonly of: MediaType
      readonly format: 'text' | 'json'
      readonly options: readonly ExplainOption[]
    }
  | { readonly kind: 'other'; readonly text: string }

export const explainOptions = ['analyze', 'verbose', 'settings', 'buffers', 'wal'] as const
export type ExplainOption = (typeof explainOptions)[number]

type Parameters = ReadonlyMap<string, string>

const noParameters: Parameters = new Map()
const typePattern = /^([A-Za-z0-9.*]+)\/([A-Za-z0-9.*+-]+)/
const parameterPattern = /\s*;\s*([A-Za-z0-9-]+)\s*=\s*(?:"([^"]*)"|([A-Za-z0-9.|-]+))/y

/** Names in lower case; of a repeated one the last counts. What is no parameter ends the list. */
function parametersOf(text: string, from: number): Parameters {
  if (from >= text.length) return noParameters
  const found = new Map<string, string>()
  const pattern = new RegExp(parameterPattern)
  pattern.lastIndex = from
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    found.set((match[1] ?? '').toLowerCase(), match[2] ?? match[3] ?? '')
  }
  return found
}

function planOf(format: 'text' | 'json', parameters: Parameters): MediaType {
  const named = (parameters.get('options') ?? '').split('|')
  return {
    kind: 'plan',
    of: parseMediaType(parameters.get('for') ?? 'application/json'),
    format,
    options: explainOptions.filter((option) => named.includes(option)),
  }
}

/**
 * Names are read in any case; parameters count only where they mean something to us.
 *
 * Shape  `application/vnd.pgrst.plan+json; for="text/csv"; options=analyze` → a plan of csv
 * Rule   PostgREST docs: resource_representation, observability (Execution plan)
 */
export function parseMediaType(text: string): MediaType {
  const match = typePattern.exec(text)
  if (match === null) return { kind: 'other', text }
  const parameters = parametersOf(text, match[0].length)
  const stripNulls = parameters.get('nulls') === 'stripped'
  switch (match[0].toLowerCase()) {
    case 'application/json':
      return { kind: 'json' }
    case 'application/geo+json':
      return { kind: 'geojson' }
    case 'text/csv':
      return { kind: 'csv' }
    case 'text/plain':
      return { kind: 'text' }
    case 'text/xml':
      return { kind: 'xml' }
    case 'application/openapi+json':
      return openapiOf(parameters.get('version'))
    case 'application/x-www-form-urlencoded':
      return { kind: 'form' }
    case 'application/octet-stream':
      return { kind: 'octet-stream' }
    case 'application/vnd.pgrst.plan':
    case 'application/vnd.pgrst.plan+text':
      return planOf('text', parameters)
    case 'application/vnd.pgrst.plan+json':
      return planOf('json', parameters)
    case 'application/vnd.pgrst.object':
    case 'application/vnd.pgrst.object+json':
      return { kind: 'singular', stripNulls }
    case 'application/vnd.pgrst.array':
    case 'application/vnd.pgrst.array+json':
      return stripNulls ? { kind: 'array-stripped' } : { kind: 'json' }
    case '*/*':
      return { kind: 'any' }
    default:
      return { kind: 'other', text }
  }
}

/** A version that there is none of leaves the choice to us. */
function openapiOf(version: string | undefined): MediaType {
  return version === '2.0' || version === '3.1' ? { kind: 'openapi', version } : { kind: 'openapi' }
}

/** Without a charset. */
export function printMediaType(type: MediaType): string {
  switch (type.kind) {
    case 'json':
      return 'application/json'
    case 'geojson':
      return 'application/geo+json'
    case 'csv':
      return 'text/csv'
    case 'text':
      return 'text/plain'
    case 'xml':
      return 'text/xml'
    case 'openapi':
      return `application/openapi+json${type.version === undefined ? '' : `;version=${type.version}`}`
    case 'form':
      return 'application/x-www-form-urlencoded'
    case 'octet-stream':
      return 'application/octet-stream'
    case 'any':
      return '*/*'
    case 'array-stripped':
      return 'application/vnd.pgrst.array+json;nulls=stripped'
    case 'singular':
      return `application/vnd.pgrst.object+json${type.stripNulls ? ';nulls=stripped' : ''}`
    case 'plan': {
      const options = type.options.length === 0 ? '' : `; options=${type.options.join('|')}`
      return `application/vnd.pgrst.plan+${type.format}; for="${printMediaType(type.of)}"${options}`
    }
    case 'other':
      return type.text
    default:
      return assertNever(type)
  }
}

/** Value of `Content-Type`: bytes and types that are none of ours say nothing of a charset. */
export function contentTypeOf(type: MediaType): string {
  const text = printMediaType(type)
  return type.kind === 'octet-stream' || type.kind === 'other' ? text : `${text}; charset=utf-8`
}

/** The version of an OpenAPI document is a wish for the root alone: the type is the same. */
export function sameMediaType(a: MediaType, b: MediaType): boolean {
  return a.kind === b.kind && (a.kind === 'openapi' || printMediaType(a) === printMediaType(b))
}
