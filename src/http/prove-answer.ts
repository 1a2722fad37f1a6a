/**
 * Strict mode's demand on an answer: that it is of the schema that there is. What a transaction has
 * proven by itself passes; errors, and answers made of the snapshot alone, are held against the
 * database before they are sent.
 */
import type { Backend } from '../backends/backend.ts'
import { assertNever } from '../core/assert-never.ts'
import type { Answer } from '../core/http-exchange.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { Journey } from './journey.ts'

export interface ProofDeps {
  readonly proveSchema?: Backend['proveSchema']
}

export interface Answered {
  readonly kind: 'answered'
  readonly answer: Answer
  /** In strict mode: the transaction that it comes from has proven it. */
  readonly isProven?: true
}

/** An attempt that is not made again. */
export type Settled = Answered | { readonly kind: 'failed'; readonly error: ApiError }

/** Strict mode: it may be of an older schema, and nothing of it has stayed. */
export interface Unproven {
  readonly kind: 'unproven'
}

type Outcome = Settled | Unproven | { readonly kind: 'stale' }

/** The outcome itself where it needs no proof or has one. Never rejects. */
export async function proven<T extends Outcome>(
  { proveSchema }: ProofDeps,
  { generation, signal }: Pick<Journey, 'generation' | 'signal'>,
  outcome: T,
): Promise<T | Unproven | Extract<Settled, { readonly kind: 'failed' }>> {
  if (!generation.config.dbSchemaStrict || proveSchema === undefined) return outcome
  if (!needsProof(outcome) || signal.aborted) return outcome
  const proof = await proveSchema(generation.snapshot)
  switch (proof) {
    case 'current':
      return outcome
    case 'moved':
      return { kind: 'unproven' }
    case 'unprovable':
      return { kind: 'failed', error: untold }
    default:
      return assertNever(proof)
  }
}

/** The log says why. */
export const untold: ApiError = {
  kind: 'cache-not-loaded',
  unproven: 'The database did not tell whether its schema has changed.',
}

function needsProof(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case 'answered':
      return outcome.isProven !== true
    case 'failed':
      return !saysNothingOfSchema.has(outcome.error.kind)
    case 'stale':
    case 'unproven':
      return false
    default:
      return assertNever(outcome)
  }
}

/** Nobody was asked, or nobody answered. */
const saysNothingOfSchema: ReadonlySet<ApiError['kind']> = new Set<ApiError['kind']>([
  'connection',
  'connection-lost',
  'acquisition-timeout',
  'cache-not-loaded',
  'internal',
])
