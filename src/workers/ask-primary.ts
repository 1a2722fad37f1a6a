/**
 * A worker's questions to the primary, of which there is one kind: whether the schema is another than a
 * request was planned on. The primary's answer comes behind every generation that it has published
 * before, so that who waits for it finds the newer schema in the worker's own store.
 */
import type { CheckOutcome, StaleCheck } from '../cache/stale-check.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { FromWorker } from './worker-messages.ts'

export interface AskPrimaryDeps {
  readonly send: (message: FromWorker) => void
  readonly currentSnapshot: () => SchemaSnapshot | null
  /** Milliseconds after which a request is answered without; longer than the primary takes. */
  readonly limitMs?: number
}

export interface PrimaryQuestions {
  readonly checkSchema: StaleCheck
  answered(id: number, outcome: CheckOutcome): void
}

export function askPrimary({
  send,
  currentSnapshot,
  limitMs = 6000,
}: AskPrimaryDeps): PrimaryQuestions {
  const waiting = new Map<number, (outcome: CheckOutcome) => void>()
  let lastId = 0
  return {
    async checkSchema(origin, request) {
      const before = currentSnapshot()
      lastId += 1
      const id = lastId
      let limit: NodeJS.Timeout | undefined
      const outcome = await new Promise<CheckOutcome>((resolve) => {
        waiting.set(id, resolve)
        limit = setTimeout(() => resolve('unanswered'), limitMs)
        send({ kind: 'check', id, origin, request: request ?? null })
      })
      clearTimeout(limit)
      waiting.delete(id)
      // the primary may have been ahead of this worker when it was asked
      return currentSnapshot() === before ? outcome : 'moved'
    },
    answered: (id, outcome) => waiting.get(id)?.(outcome),
  }
}
