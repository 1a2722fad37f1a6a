/**
 * Runs a read on a MongoDB database: compiled, asked of the server, and written as an answer.
 */
import { BSON, type Db, type Document } from 'mongodb'
import type { ApiRequest } from '../../src/api/api-request.ts'
import { createRowEncoder } from '../../src/backends/mongodb/bson/encode-rows.ts'
import { createMongodbCompiler } from '../../src/backends/mongodb/compile/compile-mongodb.ts'
import type { ReadPlan } from '../../src/plan/plan.ts'
import type { SchemaSnapshot } from '../../src/schema/schema-snapshot.ts'
import { type RequestParts, readOf, requestOf } from './plan-of.ts'

export interface ReadAnswer {
  readonly body: string
  readonly rows: number
  readonly total: number | null
}

/** `path`: `/films?select=title`. Throws for what is refused, by the compiler or the server. */
export function runMongodbRead(
  db: Db,
  snapshot: SchemaSnapshot,
  path: string,
  parts: RequestParts = {},
): Promise<ReadAnswer> {
  const line = `GET ${path}`
  const read = { plan: readOf(snapshot, line, parts), request: requestOf(snapshot, line, parts) }
  return runMongodbPlan(db, snapshot, read)
}

export async function runMongodbPlan(
  db: Db,
  snapshot: SchemaSnapshot,
  { plan, request }: { readonly plan: ReadPlan; readonly request: ApiRequest },
): Promise<ReadAnswer> {
  const compiled = createMongodbCompiler()(plan, snapshot)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
  const { collection, pipeline, count, shape, encoder, whenEmpty } = compiled.value
  const run = async (stages: readonly Document[] | null): Promise<readonly Document[]> =>
    stages === null
      ? []
      : db
          .collection(collection)
          .aggregate([...stages], { raw: true })
          .toArray()
  const found = await run(pipeline(request))
  const ofNothing = found.length === 0 ? whenEmpty(request) : null
  const documents: readonly unknown[] = ofNothing === null ? found : [BSON.serialize(ofNothing)]
  const encoded = createRowEncoder(shape, encoder).encode(documents.filter((each) => isBytes(each)))
  if (!encoded.ok) throw new Error(encoded.error.message)
  const [counted] = count === null ? [] : await run(count(request))
  const total = isBytes(counted) ? Number(BSON.deserialize(counted)['total']) : 0
  return {
    body: new TextDecoder().decode(encoded.value),
    rows: documents.length,
    total: count === null ? null : total,
  }
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}
