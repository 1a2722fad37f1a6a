/**
 * What a source says in virtual time, as lines `<ms> <origin> <scope> <depth>`, and what it reports.
 */
import type { Observable, Subscription } from 'rxjs'
import type { ReloadSignal } from '../../../src/cache/reload-signal.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import { createSourceHealth, type SourceHealth } from '../../../src/sources/source-health.ts'
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts'

export interface Recording {
  readonly clock: VirtualClock
  readonly health: SourceHealth
  readonly observations: Observation[]
  /** Signals and observations in the order of their telling. */
  readonly timeline: string[]
  observe(observation: Observation): void
  record(source$: Observable<ReloadSignal>): Subscription
  told(): string[]
}

function line(observation: Observation): string | null {
  switch (observation.kind) {
    case 'source-up':
      return `up ${observation.source}`
    case 'source-down':
      return `down ${observation.source}: ${observation.cause}`
    case 'source-absent':
      return `absent ${observation.source}: ${observation.cause}`
    case 'source-changed':
      return null
    case 'listener-failed':
      return `failed: ${observation.cause}`
    case 'listener-retry':
      return `retry in ${observation.retryInMs}`
    case 'listener-connected':
      return `listening on ${observation.channel} at ${observation.address}`
    case 'notification':
      return `notification ${observation.scope}`
    default:
      return observation.kind
  }
}

export function createRecording(): Recording {
  const clock = createVirtualClock()
  const timeline: string[] = []
  const observations: Observation[] = []
  const tell = (text: string) => timeline.push(`${clock.now()} ${text}`)
  const observe = (observation: Observation) => {
    observations.push(observation)
    const text = line(observation)
    if (text !== null) tell(text)
  }
  return {
    clock,
    observations,
    timeline,
    observe,
    health: createSourceHealth({ now: () => clock.now(), observe }),
    record: (source$) =>
      source$.subscribe({
        next: ({ origin, scope, depth, at }) => {
          tell(`${origin} ${scope} ${depth}`)
          if (at !== clock.now()) tell(`dated ${at}`)
        },
        error: (failure: unknown) => tell(`error ${String(failure)}`),
        complete: () => tell('complete'),
      }),
    told: () => timeline.splice(0),
  }
}
