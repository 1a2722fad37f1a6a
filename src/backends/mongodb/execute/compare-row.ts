/**
 * What a write with `If-Match` depends on: the row as its client has read it. It is read again inside the
 * write's transaction, which is of one snapshot: who changes the row between that and the write makes
 * them conflict, and MongoDB undoes one of the two.
 *
 * Rule  MongoDB manual: transactions (Write Conflicts, Read Concern "snapshot")
 */
import type { Document } from 'mongodb'
import { isAsExpected } from '../../../core/entity-tag.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { ComparedRead, RequestContext } from '../../backend.ts'
import { mongodbFacts } from '../catalog/mongodb-facts.ts'
import { createMongodbCompiler } from '../compile/compile-mongodb.ts'
import type { CompiledRead } from '../compile/compiled-read.ts'
import { type Refusal, refusalOf } from '../compile/mongodb-refusal.ts'
import type { EncoderCache } from './encoder-cache.ts'
import { mayReadSnapshot } from './may-read-snapshot.ts'
import type { WriteCommands } from './write-commands.ts'
import { WriteFailed } from './write-refused.ts'

/**
 * Whether the row is there, and as expected; to be run in a transaction.
 *
 * Rejects  with WriteFailed: a cast of `select` that fails
 */
export type RowComparison = (commands: WriteCommands) => Promise<boolean>

type RowComparer = (context: RequestContext) => Result<RowComparison | null, Refusal>

/** Of a request that has its row compared with nothing it makes null. */
export function createRowComparer(encoderOf: EncoderCache): RowComparer {
  const compile = createMongodbCompiler()

  return ({ compared, snapshot }) => {
    if (compared === undefined) return ok(null)
    if (!mayReadSnapshot(compared.plan.root, mongodbFacts(snapshot.engineFacts))) {
      const feature = 'If-Match where rows cannot be read in a transaction'
      return err({ kind: 'not-implemented', feature })
    }
    const compiled = compile(compared.plan, snapshot)
    if (!compiled.ok) return compiled
    const pipeline = bind(compiled.value, compared)
    if (!pipeline.ok) return pipeline
    const { shape, encoder } = compiled.value
    return ok(async (commands) => {
      const found = await commands.readRaw(pipeline.value)
      const encoded = encoderOf(shape, encoder).encode(found)
      if (!encoded.ok) throw new WriteFailed(encoded.error)
      return isAsExpected(compared.expected, found.length, encoded.value)
    })
  }
}

function bind(
  { pipeline }: CompiledRead,
  { request }: ComparedRead,
): Result<readonly Document[], Refusal> {
  try {
    // a window of no rows shows none, and so none that is expected
    return ok(pipeline(request) ?? [{ $match: { $expr: false } }])
  } catch (error) {
    return err(refusalOf(error))
  }
}
