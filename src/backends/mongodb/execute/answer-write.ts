/**
 * What a write answers: the rows that it touched, read by their ids with the request's own tree, how
 * many they are, and the key of a single new one.
 */
import { BSON } from 'mongodb'
import type { MutatePlan } from '../../../plan/plan.ts'
import { type ExecutionResult, noResult } from '../../backend.ts'
import { readExact } from '../bson/read-exact.ts'
import type { BoundWrite } from '../compile/bound-write.ts'
import { comparableKey } from '../compile/comparable-key.ts'
import type { CompiledWrite } from '../compile/compile-mongodb-write.ts'
import type { EncoderCache } from './encoder-cache.ts'
import { valueText } from './value-text.ts'
import type { WriteCommands } from './write-commands.ts'
import { WriteFailed } from './write-refused.ts'
import { readShown, type Touched } from './write-run.ts'

export interface WriteAnswer {
  readonly plan: MutatePlan
  readonly bound: BoundWrite
  readonly location: CompiledWrite['location']
  readonly commands: WriteCommands
  readonly encoderOf: EncoderCache
}

/** Throws  WriteFailed: a cast of `select` that fails */
export async function answerWrite(asked: WriteAnswer, touched: Touched): Promise<ExecutionResult> {
  const { plan, bound } = asked
  const common = { ...noResult, inserted: touched.inserted, location: locationOf(asked, touched) }
  if (bound.shown === null) return { ...common, rows: touched.count }
  const documents = await shownDocuments(asked, touched)
  const { ofNothing, shape } = bound.shown
  const isNothing = documents.length === 0 && ofNothing !== null
  const rows = isNothing ? [BSON.serialize(ofNothing)] : documents
  const encoded = asked.encoderOf(shape, plan.media.encoder).encode(rows)
  if (!encoded.ok) throw new WriteFailed(encoded.error)
  return { ...common, rows: rows.length, body: encoded.value }
}

async function shownDocuments(
  { plan, bound, commands }: WriteAnswer,
  { before, ids }: Touched,
): Promise<readonly Uint8Array[]> {
  if (before !== null) return before
  if (bound.shown === null || ids === null || ids.length === 0) return []
  const found = await readShown(commands, bound.shown, ids)
  const isPayload = plan.mutation === 'insert' || plan.mutation === 'upsert'
  return isPayload && plan.root.order.length === 0 ? inOrder(found, ids) : found
}

/** Rows in the order of the ids, as far as they have one: groups have none. */
function inOrder(documents: readonly Uint8Array[], ids: readonly unknown[]): readonly Uint8Array[] {
  if (documents.length < 2) return documents
  const places = new Map(ids.map((id, at) => [comparableKey(id), at]))
  const placed = documents.map((document) => {
    const id = readExact(document).get('_id')
    return { document, at: places.get(comparableKey(id)) ?? ids.length }
  })
  return placed.toSorted((a, b) => a.at - b.at).map(({ document }) => document)
}

/** Of a single row: everything in its key is known from the payload, or is its id. */
function locationOf(
  { location, bound }: WriteAnswer,
  { count, ids }: Touched,
): ExecutionResult['location'] {
  if (location === null || count !== 1) return []
  const [id] = ids ?? []
  // of several rows, the one that was not skipped; a single one may be merged with a row of another id
  const row = bound.rows.find((each) => each.id === id) ?? bound.rows[0]
  const values = row?.row.values
  return location.map(([name, field]) => {
    const text = valueText(field === '_id' ? id : values?.get(field))
    return [name, text === null ? 'is.null' : `eq.${text}`]
  })
}
