/**
 * The failing half of the pipeline: a load that failed is told, owed and tried again later, and
 * checks that come meanwhile learn whether the database answers with a schema worth a try before.
 */
import type { SchedulerLike } from 'rxjs'
import { backoffMs } from '../core/backoff.ts'
import type { BackendFailure } from '../errors/backend-failure.ts'
import type { Observe } from '../observe/observation.ts'
import type { SchemaVersion } from '../schema/catalog.ts'
import { schemaOptions } from '../schema/schema-options.ts'
import type { CacheState } from './cache-state.ts'
import { describeFailure } from './describe-failure.ts'
import type { GenerationStore } from './generation-store.ts'
import type { LoadDeadline } from './load-deadline.ts'
import type { LoadResult, SchemaReader } from './load-schema.ts'
import type { ReloadOrder } from './reload-order.ts'
import { deeper, type ReloadDepth, type ReloadOutcome } from './reload-signal.ts'
import { createRetryDebt, type Debt, type RetryDebt } from './retry-debt.ts'

export interface OwedLoadDeps {
  readonly store: Pick<GenerationStore, 'current'>
  readonly reader: Pick<SchemaReader, 'schemaVersion'>
  readonly scheduler: SchedulerLike
  /** In [0, 1), for jitter. */
  readonly random: () => number
  readonly observe: Observe
  readonly onFatal: (failure: BackendFailure) => void
  readonly onState: (state: CacheState) => void
  /** The next try is due. */
  readonly onDue: (debt: Debt) => void
}

export interface OwedLoad extends Pick<RetryDebt, 'current' | 'putOff' | 'payOff'> {
  /** The order failed: the previous generation stays, and what failed is owed. */
  fail(
    order: ReloadOrder,
    depth: ReloadDepth,
    result: Extract<LoadResult, { kind: 'failed' }>,
  ): ReloadOutcome
  /** For a patient order. Null: the load is worth a try now. */
  lookAgain(order: ReloadOrder, owed: Debt, deadline: LoadDeadline): Promise<ReloadOutcome | null>
}

export function createOwedLoad(deps: OwedLoadDeps): OwedLoad {
  const { store, scheduler, observe } = deps
  const debt = createRetryDebt(deps)

  function failed({ signal }: ReloadOrder, cause: string): ReloadOutcome {
    return { kind: 'failed', durationMs: scheduler.now() - signal.at, cause }
  }

  return {
    current: debt.current,
    putOff: debt.putOff,
    payOff: debt.payOff,
    fail(order, depth, { failure, version }) {
      const { error, cause, fatal, stack } = describeFailure(failure)
      const { config, snapshot } = store.current()
      const { schemas, extraSearchPath } = schemaOptions(config)
      const attempt = order.urgency === 'retry' ? (debt.current()?.attempt ?? 0) + 1 : 1
      const durationMs = scheduler.now() - order.signal.at
      if (stack !== null) observe({ kind: 'crashed', stack })
      observe({ kind: 'reload-failed', error, schemas, extraSearchPath, attempt, durationMs })
      if (fatal !== null) deps.onFatal(fatal)
      const retryInMs = debt.owe({
        scope: order.signal.scope,
        depth: deeper(depth, 'load'),
        attempt,
        cause,
        failedAt: version,
        isSilent: error.kind === 'connection',
      })
      // told without the jitter: 1, 2, 4 … is what the release's users know
      observe({ kind: 'reload-retry', retryInMs: backoffMs(attempt) })
      deps.onState({ kind: 'retrying', snapshot, cause, attempt, retryInMs })
      return failed(order, cause)
    },
    async lookAgain(order, owed, deadline) {
      let found: SchemaVersion
      try {
        const options = schemaOptions(store.current().config)
        found = await deadline.guard(deps.reader.schemaVersion(options, deadline.signal))
      } catch (failure) {
        const { cause, fatal } = describeFailure(failure)
        if (fatal !== null) deps.onFatal(fatal)
        debt.note({ failedAt: null, isSilent: true })
        return failed(order, cause)
      }
      const isNews = owed.isSilent || (owed.failedAt !== null && owed.failedAt !== found)
      if (isNews) return null
      debt.note({ failedAt: found, isSilent: false })
      return failed(order, owed.cause)
    },
  }
}
