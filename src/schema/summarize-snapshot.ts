/**
 * A snapshot in numbers, as the log line of a load tells them.
 *
 * Rule  PostgREST docs: observability (Logs)
 */
import type { SchemaSnapshot } from './schema-snapshot.ts'

/** Media types that are produced for any relation without a handler of the user's. */
const builtInMediaTypes = ['*/*', 'application/json', 'text/csv', 'application/geo+json']

function countEntries(maps: ReadonlyMap<string, ReadonlyMap<string, unknown>>): number {
  let count = 0
  for (const inner of maps.values()) count += inner.size
  return count
}

function countMediaHandlers(handlers: SchemaSnapshot['mediaHandlers']): number {
  const keys = new Set(builtInMediaTypes.map((type) => JSON.stringify([null, type])))
  for (const { relation, mediaType } of handlers) {
    const name = relation === null ? null : [relation.schema, relation.name]
    keys.add(JSON.stringify([name, mediaType.toLowerCase()]))
  }
  return keys.size
}

/**
 * Relationships count as pairs of a relation and a schema, functions by name, as PostgREST
 * counts them.
 *
 * Shape  `12 Relations, 3 Relationships, 4 RPCs, 0 Domain Representations, 4 Media Type Handlers`
 */
export function summarizeSnapshot(snapshot: SchemaSnapshot): string {
  return [
    `${snapshot.relations.size} Relations`,
    `${snapshot.relationships.pairCount} Relationships`,
    `${snapshot.routines.size} RPCs`,
    `${countEntries(snapshot.representations)} Domain Representations`,
    `${countMediaHandlers(snapshot.mediaHandlers)} Media Type Handlers`,
  ].join(', ')
}
