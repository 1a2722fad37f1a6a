/**
 * A worker's requests for the tokens of a rate limit. Clients have one budget whichever worker they
 * reach, so that the primary counts. What comes in one turn of the event loop is asked for together:
 * under load many requests cost one message.
 */
import type { Allowance, BucketSize, TokenCost } from '../limits/token-buckets.ts'
import type { FromWorker } from './worker-messages.ts'

export interface SpendAtPrimaryDeps {
  readonly send: (message: FromWorker) => void
  /** Milliseconds after which requests are let through uncounted: a limit is no reason to fail. */
  readonly limitMs?: number
}

export interface PrimaryTokens {
  ask(key: string, cost: TokenCost, size: BucketSize): Promise<Allowance>
  spent(id: number, allowances: readonly Allowance[]): void
}

interface Asking {
  readonly key: string
  readonly cost: TokenCost
  /** Undefined: there was no answer. */
  readonly settle: (allowance: Allowance | undefined) => void
}

interface Sent {
  readonly askings: readonly Asking[]
  readonly limit: NodeJS.Timeout
}

export function spendAtPrimary({ send, limitMs = 2000 }: SpendAtPrimaryDeps): PrimaryTokens {
  const sent = new Map<number, Sent>()
  let gathering: Asking[] = []
  let lastId = 0

  function settle(id: number, allowances: readonly Allowance[]): void {
    const answered = sent.get(id)
    if (answered === undefined) return
    sent.delete(id)
    clearTimeout(answered.limit)
    for (const [at, asking] of answered.askings.entries()) asking.settle(allowances[at])
  }

  function sendGathered(): void {
    const askings = gathering
    gathering = []
    lastId += 1
    const id = lastId
    sent.set(id, { askings, limit: setTimeout(() => settle(id, []), limitMs) })
    const keys = askings.map(({ key }) => key)
    send({ kind: 'spend', id, keys, costs: askings.map(({ cost }) => cost) })
  }

  return {
    async ask(key, cost, { rateLimitBurst: limit }) {
      const allowance = await new Promise<Allowance | undefined>((resolve) => {
        if (gathering.length === 0) setImmediate(sendGathered)
        gathering.push({ key, cost, settle: resolve })
      })
      return allowance ?? { limit, remaining: 0, retryInMs: null }
    },
    spent: settle,
  }
}
