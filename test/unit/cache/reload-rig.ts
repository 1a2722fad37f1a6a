/**
 * A reload pipeline in virtual time, with a database that is a few variables. What happens is told
 * as lines `<ms> <event>`, so that a test reads as a timeline.
 */
import { type Observable, Subject } from 'rxjs'
import {
  createGenerationStore,
  type Generation,
  type GenerationStore,
} from '../../../src/cache/generation-store.ts'
import {
  createReloadPipeline,
  type ReloadPipeline,
  type ReloadPipelineDeps,
} from '../../../src/cache/reload-pipeline.ts'
import type { ReloadOrigin, ReloadOutcome, ReloadSignal } from '../../../src/cache/reload-signal.ts'
import type { Config } from '../../../src/config/config.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import type { Result } from '../../../src/core/result.ts'
import { BackendFailure, type FailureTraits } from '../../../src/errors/backend-failure.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type { Catalog } from '../../../src/schema/catalog.ts'
import { diffSnapshots } from '../../../src/schema/diff-snapshots.ts'
import type { SchemaOptions } from '../../../src/schema/schema-snapshot.ts'
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts'
import { catalog, relation } from '../schema/sample-catalog.ts'

export interface Database {
  /** What `schemaVersion` answers. */
  version: string
  /** The one relation that there is; null: one that is named like the version. */
  relation: string | null
  versionMs: number
  introspectMs: number
  /** Thrown by every introspection while set. */
  failure: unknown
  /** The database does not answer anything while set. */
  silence: unknown
  /** Thrown once each, first to last, where the version is asked for. */
  silences: unknown[]
  /** Thrown once each, first to last, by introspections. */
  failures: unknown[]
  config: Result<Config, readonly string[]>
  configMs: number
}

export interface Rig {
  readonly clock: VirtualClock
  readonly db: Database
  readonly pipeline: ReloadPipeline
  readonly store: GenerationStore
  readonly signals: Subject<ReloadSignal>
  /** Emits when a connection to the database was made. */
  readonly aliveSubject: Subject<void>
  readonly ended: { readonly origin: ReloadOrigin; readonly outcome: ReloadOutcome }[]
  readonly observations: Observation[]
  /** `<ms> version`, `<ms> load full`, `<ms> published 1`, `<ms> failed: cause` … */
  readonly timeline: string[]
  readonly published: { readonly generation: Generation; readonly previous: Generation }[]
  /** When connections were to be replaced. */
  readonly reloaded: number[]
  /** What the pipeline handed on. */
  readonly failures: unknown[]
  readonly introspections: {
    readonly options: SchemaOptions
    readonly depth: string
    readonly signal: AbortSignal
  }[]
  signal(part: Partial<ReloadSignal>): ReloadSignal
  /** Sends a signal now. */
  send(part: Partial<ReloadSignal>): void
  /** Starts, lets the first load end, and forgets what was told of it. */
  startUp(): Promise<void>
  /** What was told since the last call. */
  told(): string[]
}

export const testConfig: Config = {
  ...defaultConfig('postgres'),
  dbSchemas: ['test'],
  dbExtraSearchPath: ['public'],
}

export function databaseFailure(sqlState: string, message = 'broken', traits: FailureTraits = {}) {
  return new BackendFailure(
    {
      kind: 'database',
      failure: { sqlState, message, details: null, hint: null },
      authenticated: false,
    },
    message,
    traits,
  )
}

export const connectionFailure = new BackendFailure(
  { kind: 'connection', details: 'connection refused' },
  'connection refused',
)

function line(observation: Observation): string | null {
  switch (observation.kind) {
    case 'trigger':
      return null
    case 'reload-started':
      return `start ${observation.origin} ${observation.scope} ${observation.depth}`
    case 'schema-changed':
    case 'reload-began':
    case 'reload-ended':
      return null
    case 'reload-confirmed':
      return `confirmed ${observation.snapshotVersion}`
    case 'reload-published':
      return `published ${observation.snapshotVersion}`
    case 'reload-unchanged':
      return `unchanged ${observation.snapshotVersion}`
    case 'reload-failed':
      return `failed #${observation.attempt}`
    case 'reload-retry':
      return `retry in ${observation.retryInMs}`
    case 'config-invalid':
      return `config invalid: ${observation.problems.join(', ')}`
    case 'reload-queried':
      return `queried in ${observation.durationMs}`
    case 'crashed':
      return `crashed: ${observation.stack.split('\n')[0]}`
    default:
      return observation.kind
  }
}

export function createRig(
  override: Partial<ReloadPipelineDeps> = {},
  sources: (
    clock: VirtualClock,
    rig: Pick<Rig, 'signal'>,
  ) => Observable<ReloadSignal> | null = () => null,
): Rig {
  const clock = createVirtualClock()
  const { scheduler } = clock
  const db: Database = {
    version: 'v1',
    relation: null,
    versionMs: 1,
    introspectMs: 20,
    failure: null,
    silence: null,
    silences: [],
    failures: [],
    config: { ok: true, value: testConfig },
    configMs: 2,
  }
  const timeline: string[] = []
  const observations: Observation[] = []
  const published: Rig['published'] = []
  const failures: unknown[] = []
  const reloaded: number[] = []
  const introspections: Rig['introspections'] = []
  const signals = new Subject<ReloadSignal>()
  const aliveSubject = new Subject<void>()
  const ended: Rig['ended'] = []
  const store = createGenerationStore({ config: testConfig, snapshot: null })
  const tell = (text: string) => timeline.push(`${clock.now()} ${text}`)

  function signal(part: Partial<ReloadSignal>): ReloadSignal {
    return { scope: 'schema', depth: 'load', origin: 'notify', at: clock.now(), ...part }
  }

  const pipeline = createReloadPipeline({
    signals$: sources(clock, { signal }) ?? signals,
    alive$: aliveSubject,
    store,
    loadConfig: async () => {
      await clock.delay(db.configMs)
      return db.config
    },
    reader: {
      async schemaVersion() {
        tell('version')
        await clock.delay(db.versionMs)
        const silence = db.silences.shift() ?? db.silence
        if (silence !== null) throw silence
        return db.version
      },
      async introspect({ options, depth, signal }): Promise<Catalog> {
        tell(`load ${depth}`)
        introspections.push({ options, depth, signal })
        const { version: schemaVersion } = db
        const name = db.relation ?? schemaVersion
        await clock.delay(db.introspectMs)
        const failure = db.failures.shift() ?? db.silence ?? db.failure
        if (failure !== null) throw failure
        return catalog({ schemaVersion, relations: [relation(name)] })
      },
    },
    buildSnapshot: async (...parts) => buildSnapshot(...parts),
    diffSnapshots: async (previous, next) => diffSnapshots(previous, next),
    onPublished: (generation, previous) => published.push({ generation, previous }),
    onReloaded: () => reloaded.push(clock.now()),
    onEnded: (origin, outcome) => ended.push({ origin, outcome }),
    onFailure: (failure) => failures.push(failure),
    observe: (observation) => {
      observations.push(observation)
      const text = line(observation)
      if (text !== null) tell(text)
    },
    scheduler,
    random: () => 0,
    deadlineMs: () => 60_000,
    stopwatch: () => clock.now(),
    ...override,
  })

  const rig: Rig = {
    clock,
    db,
    pipeline,
    store,
    signals,
    aliveSubject,
    ended,
    observations,
    timeline,
    published,
    failures,
    reloaded,
    introspections,
    signal,
    send: (part) => signals.next(signal(part)),
    async startUp() {
      void pipeline.start()
      await clock.advance(1000)
      rig.told()
      published.length = 0
      introspections.length = 0
      observations.length = 0
    },
    told: () => timeline.splice(0),
  }
  return rig
}
