/**
 * A catalog as named parts of plain data, and back: what a snapshot is built of, in a form in which
 * another process can be sent what changed of it. The engine's own facts are parts among the others;
 * what they are made of, their backend says.
 */
import { assertNever } from '../core/assert-never.ts'
import type { Catalog, SchemaVersion } from '../schema/catalog.ts'
import type { EngineFacts, SentFacts } from '../schema/engine-facts.ts'

export type Part =
  /** Sent by the members that changed. */
  | { readonly kind: 'list' | 'map' | 'set'; readonly items: readonly unknown[] }
  /** Sent whole. */
  | { readonly kind: 'value'; readonly value: unknown }

export type CatalogParts = ReadonlyMap<string, Part>

/** A catalog without what is sent apart. */
export type CatalogBody = Omit<Catalog, 'engineFacts' | 'schemaVersion' | 'timings'>

/** In front of the names of facts. */
const factsPrefix = 'facts.'

export function catalogParts(catalog: Catalog, facts: SentFacts): CatalogParts {
  const { engineFacts: _, schemaVersion: __, timings: ___, ...body } = catalog
  const named = [
    ...Object.entries(body),
    ...Object.entries(facts).map(([name, value]) => [factsPrefix + name, value] as const),
  ]
  return new Map(named.map(([name, value]) => [name, partOf(value)]))
}

function partOf(value: unknown): Part {
  if (Array.isArray(value)) return { kind: 'list', items: value }
  if (value instanceof Map) return { kind: 'map', items: [...value] }
  if (value instanceof Set) return { kind: 'set', items: [...value] }
  return { kind: 'value', value }
}

function plainValue(part: Part): unknown {
  switch (part.kind) {
    case 'list':
      return part.items
    case 'map':
      return new Map(part.items.filter(isPair))
    case 'set':
      return new Set(part.items)
    case 'value':
      return part.value
    default:
      return assertNever(part)
  }
}

function isPair(entry: unknown): entry is readonly [unknown, unknown] {
  return Array.isArray(entry) && entry.length === 2
}

/** Throws  when parts are missing */
export function catalogBody(parts: CatalogParts): CatalogBody {
  const body: unknown = Object.fromEntries(
    [...parts]
      .filter(([name]) => !name.startsWith(factsPrefix))
      .map(([name, part]) => [name, plainValue(part)]),
  )
  if (!isCatalogBody(body)) throw new Error('parts of a catalog are missing')
  return body
}

const lists = [
  'relations',
  'foreignKeys',
  'viewKeyDependencies',
  'routines',
  'computedRelationships',
  'representations',
  'mediaHandlers',
] as const satisfies readonly (keyof CatalogBody)[]

/** What is in the lists was a catalog's when it was sent, by a process that runs the same code. */
function isCatalogBody(body: unknown): body is CatalogBody {
  const has: Readonly<Record<string, unknown>> = Object(body)
  return lists.every((name) => Array.isArray(has[name])) && typeof has['capabilities'] === 'object'
}

export function sentFacts(parts: CatalogParts): SentFacts {
  return Object.fromEntries(
    [...parts]
      .filter(([name]) => name.startsWith(factsPrefix))
      .map(([name, part]) => [name.slice(factsPrefix.length), plainValue(part)]),
  )
}

export function wholeCatalog(
  body: CatalogBody,
  schemaVersion: SchemaVersion,
  engineFacts: EngineFacts,
): Catalog {
  return { ...body, schemaVersion, engineFacts, timings: {} }
}
