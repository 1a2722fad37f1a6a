/**
 * `--dump-config`, `--dump-schema`, `--types` and `--check`: the configuration in effect, in-database settings
 * included, and the schema as JSON or as TypeScript. All connect for themselves; a database that is not
 * there costs the configuration its in-database part, with a line on stderr, and the schema everything.
 */
import { createAccessControl } from './access/access-control.ts'
import type { UnboundPolicy } from './access/access-rules.ts'
import { unboundPolicies } from './access/tell-unbound.ts'
import type { Backend } from './backends/backend.ts'
import { openBackend } from './backends/open-backend.ts'
import type { Config } from './config/config.ts'
import {
  createConfigLoader,
  createConfigWarnings,
  type ReadConfig,
  type TellWarnings,
} from './config/config-loader.ts'
import { failureText } from './core/failure-text.ts'
import { BackendFailure } from './errors/backend-failure.ts'
import { createLogObserver } from './observe/log-observer.ts'
import { buildSnapshot } from './schema/build-snapshot.ts'
import { schemaOptions } from './schema/schema-options.ts'
import type { SchemaSnapshot } from './schema/schema-snapshot.ts'
import { type FeedTrial, tryFeed } from './sources/try-feed.ts'

export interface DumpDeps {
  readonly config: Config
  readonly readConfig: ReadConfig
  readonly env: Readonly<Record<string, string | undefined>>
  readonly writeError: (text: string) => void
  /** Told of slips in place of stderr. */
  readonly tellWarnings?: TellWarnings
}

export interface Dumps {
  config(): Promise<Config>
  /** Null when the schema cannot be read; why is on stderr. */
  schema(): Promise<SchemaSnapshot | null>
  /** Policies that do not fit the schema. */
  unboundPolicies(snapshot: SchemaSnapshot): readonly UnboundPolicy[]
  /** Whether schema changes are heard; null where nothing listens. */
  hearing(): Promise<FeedTrial | null>
  /** What is wrong with the configuration, once it was read. */
  problems(): readonly string[]
  close(): Promise<void>
}

export async function readDumps(deps: DumpDeps): Promise<Dumps> {
  const log = createLogObserver({
    level: () => 'crit',
    format: 'text',
    writeOut: () => undefined,
    writeError: deps.writeError,
    now: () => new Date(),
    later: () => undefined,
  })
  let current = deps.config
  let problems: readonly string[] = []
  const database = await openOrTell()
  const findRules = createAccessControl((...rule) => database?.ruleProblem(...rule) ?? null)
  const deadline = () => AbortSignal.timeout(deps.config.dbSchemaLoadTimeout)

  const load = createConfigLoader({
    read: deps.readConfig,
    database: {
      databaseSettings: async (...request) =>
        (await database?.databaseSettings(...request)) ?? new Map(),
    },
    current: () => current,
    tellWarnings: deps.tellWarnings ?? createConfigWarnings(log),
    observe: log,
  })

  /** Null for a db-uri that leads nowhere: the configuration is printed all the same. */
  async function openOrTell(): Promise<Backend | null> {
    try {
      return await openBackend({
        config: () => current,
        env: deps.env,
        observe: log,
        onUnreachable: () => undefined,
        onConnected: () => undefined,
      })
    } catch (failure) {
      deps.writeError(`${failureText(failure)}\n`)
      return null
    }
  }

  async function config(): Promise<Config> {
    const read = await load(deadline())
    if (read.ok) current = read.value
    else {
      problems = read.error
      log({ kind: 'config-invalid', problems })
    }
    return current
  }

  return {
    config,
    async schema() {
      const options = schemaOptions(await config())
      if (database === null) return null
      try {
        const catalog = await database.introspect({
          options,
          previous: null,
          depth: 'full',
          signal: deadline(),
        })
        return buildSnapshot(catalog, options, 1, new Date())
      } catch (failure) {
        if (!(failure instanceof BackendFailure)) throw failure
        log({
          kind: 'reload-failed',
          reload: 1,
          error: failure.error,
          schemas: options.dbSchemas,
          extraSearchPath: options.dbExtraSearchPath,
          attempt: 1,
          origin: 'start',
          durationMs: 0,
          queuedMs: 0,
        })
        return null
      }
    },
    unboundPolicies: (snapshot) => unboundPolicies(findRules, { config: current, snapshot }),
    hearing: async () => (database === null ? null : tryFeed(database.feed, current)),
    problems: () => problems,
    close: async () => database?.close(),
  }
}
