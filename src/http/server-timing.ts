/**
 * How long each stage of a request took, for the `Server-Timing` header.
 *
 * Rule  PostgREST docs: observability (Server-Timing)
 */
import type { Header } from '../core/http-exchange.ts'

export const timedStages = ['jwt', 'parse', 'plan', 'transaction', 'response'] as const
export type TimedStage = (typeof timedStages)[number]

export interface StageTimer {
  /** Ends the stage that began at the previous mark (or at the start). Repeats add up. */
  mark(stage: TimedStage): void
  /** What passed since the previous mark belongs to no stage. */
  skip(): void
  header(): Header
}

/** Units  `now` gives milliseconds; the header carries one decimal. */
export function createStageTimer(now: () => number): StageTimer {
  const durations = new Map<TimedStage, number>()
  let last = now()
  return {
    mark(stage) {
      const current = now()
      durations.set(stage, (durations.get(stage) ?? 0) + current - last)
      last = current
    },
    skip() {
      last = now()
    },
    header() {
      const entries = timedStages.map(
        (stage) => `${stage};dur=${(durations.get(stage) ?? 0).toFixed(1)}`,
      )
      return ['Server-Timing', entries.join(', ')]
    },
  }
}
