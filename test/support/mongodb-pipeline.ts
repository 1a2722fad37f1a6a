/**
 * What a request line is compiled to for MongoDB, on a described snapshot.
 */
import type { Document } from 'mongodb'
import { createMongodbCompiler } from '../../src/backends/mongodb/compile/compile-mongodb.ts'
import type { CompiledRead } from '../../src/backends/mongodb/compile/compiled-read.ts'
import type { Refusal } from '../../src/backends/mongodb/compile/mongodb-refusal.ts'
import type { SchemaSnapshot } from '../../src/schema/schema-snapshot.ts'
import { type RequestParts, readOf, requestOf } from './plan-of.ts'

/** `path`: `/films?select=title`. Throws for what is refused. */
export function compiledRead(
  snapshot: SchemaSnapshot,
  path: string,
  parts?: RequestParts,
): CompiledRead {
  const compiled = createMongodbCompiler()(readOf(snapshot, `GET ${path}`, parts), snapshot)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
  return compiled.value
}

/** Null: nothing is read. */
export function pipelineOf(
  snapshot: SchemaSnapshot,
  path: string,
  parts?: RequestParts,
): readonly Document[] | null {
  return compiledRead(snapshot, path, parts).pipeline(requestOf(snapshot, `GET ${path}`, parts))
}

/** Null: no stages of its own. */
export function countOf(
  snapshot: SchemaSnapshot,
  path: string,
  parts?: RequestParts,
): readonly Document[] | null {
  const { count } = compiledRead(snapshot, path, parts)
  return count === null ? null : count(requestOf(snapshot, `GET ${path}`, parts))
}

/** Null: nothing is refused. */
export function refusedRead(snapshot: SchemaSnapshot, path: string): Refusal | null {
  const compiled = createMongodbCompiler()(readOf(snapshot, `GET ${path}`), snapshot)
  return compiled.ok ? null : compiled.error
}
