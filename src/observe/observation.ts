/**
 * What happens, said once: plain facts that logs and metrics are made of.
 * No tokens, passwords or parameter values.
 */
import type { ApiError } from '../errors/api-error.ts'
import type { ReloadRecord } from './reload-record.ts'
import type { SourceStatus } from './source-status.ts'

/** Milliseconds: the work, and what it waited for. */
interface ReloadTimes {
  readonly durationMs: number
  readonly queuedMs: number
}

/** By name, `api.films(columns)`; the word for what has none, `role settings`. */
export interface SchemaChanges {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
}

/** Over what a database tells of changes by itself. The channel of a stream is named by its databases. */
export type FeedName = 'notify' | 'change-stream'

export type Observation =
  | { readonly kind: 'starting'; readonly product: string; readonly productVersion: string }
  | { readonly kind: 'admin-listening'; readonly address: string }
  | { readonly kind: 'api-listening'; readonly address: string }
  | { readonly kind: 'database-connected'; readonly serverVersion: string }
  | { readonly kind: 'pool-ready'; readonly max: number }
  // processes that answer requests
  | { readonly kind: 'worker-listening'; readonly worker: number; readonly pid: number }
  /** It is handed no connections until it answers the primary again. */
  | { readonly kind: 'worker-unresponsive'; readonly worker: number; readonly pid: number }
  | {
      readonly kind: 'worker-ended'
      readonly worker: number
      readonly pid: number
      /** `with code 1`, `by SIGKILL` */
      readonly how: string
      /** Until another one is started in its place. */
      readonly restartInMs: number
    }
  /** The connections of all workers together are more than `db-pool`. */
  | { readonly kind: 'pool-exceeded'; readonly dbPool: number; readonly workers: number }
  | { readonly kind: 'fatal'; readonly message: string; readonly error: ApiError | null }
  | { readonly kind: 'signal-received'; readonly signal: string }
  /** For who started it by hand. */
  | { readonly kind: 'urls'; readonly api: string | null; readonly dashboard: string | null }
  | { readonly kind: 'browser-failed' }
  /** Until the sockets close. */
  | { readonly kind: 'leaving'; readonly seconds: number }
  | { readonly kind: 'stopping-failed'; readonly cause: string }
  /** Of `--types --watch`. */
  | { readonly kind: 'types-written'; readonly file: string }
  | { readonly kind: 'types-failed'; readonly cause: string }
  // configuration
  | { readonly kind: 'config-loaded' }
  | { readonly kind: 'config-invalid'; readonly problems: readonly string[] }
  /** What is likely to be a slip. */
  | { readonly kind: 'config-warnings'; readonly warnings: readonly string[] }
  | { readonly kind: 'config-settings-failed'; readonly error: ApiError }
  | { readonly kind: 'config-needs-restart'; readonly options: readonly string[] }
  | { readonly kind: 'deprecated-claim-key'; readonly before: string; readonly value: string }
  // the reload pipeline
  | {
      readonly kind: 'trigger'
      readonly origin: string
      readonly scope: string
      readonly depth: string
      /** How many it stands for, which came in one moment. */
      readonly times: number
    }
  | {
      readonly kind: 'reload-started'
      /** The number of the reload, as `GET /reloads` has it. */
      readonly reload: number
      readonly origin: string
      readonly scope: string
      readonly depth: string
    }
  /** A look at the version found it as it was. */
  | (ReloadTimes & {
      readonly kind: 'reload-unchanged'
      readonly reload: number
      readonly snapshotVersion: number
    })
  | {
      readonly kind: 'reload-queried'
      readonly durationMs: number
      readonly timings: Readonly<Record<string, number>>
    }
  /** A load: of another schema than was in use, or of the very same. */
  | (ReloadTimes & {
      readonly kind: 'reload-published' | 'reload-confirmed'
      readonly reload: number
      readonly origin: string
      /** Number of the schema that is in use now. */
      readonly snapshotVersion: number
      readonly queryMs: number
      /** Building the snapshot, without queries. */
      readonly buildMs: number
      /** `12 Relations, 3 Relationships, …` */
      readonly summary: string
    })
  /** After the first load: what the one now in use has, lacks and has otherwise. */
  | (ReloadTimes & {
      readonly kind: 'schema-changed'
      readonly reload: number
      readonly origin: string
      readonly snapshotVersion: number
      readonly changes: SchemaChanges
    })
  /** They are not served. Told with each schema that is published. */
  | {
      readonly kind: 'relations-unreadable'
      readonly relations: readonly { readonly name: string; readonly cause: string }[]
    }
  /** The server stands alone, and so keeps no promise about several rows. */
  | { readonly kind: 'transactions-absent' }
  /** Calls of them fail. Told with each schema that is published. */
  | {
      readonly kind: 'functions-unusable'
      readonly functions: readonly { readonly name: string; readonly cause: string }[]
    }
  /** Nothing is embedded by them. Told with each schema that is published. */
  | {
      readonly kind: 'relationships-unusable'
      readonly relationships: readonly { readonly name: string; readonly cause: string }[]
    }
  /** Of `db-tables` and `db-exclude-tables`: nothing has such a name. Told with each load. */
  | {
      readonly kind: 'patterns-unmatched'
      readonly patterns: readonly { readonly option: string; readonly pattern: string }[]
    }
  /** Nobody may do anything with their relations. Told with each schema that is published. */
  | {
      readonly kind: 'policies-unbound'
      readonly policies: readonly {
        readonly policy: string
        readonly relation: string
        readonly problem: string
      }[]
    }
  | (ReloadTimes & {
      readonly kind: 'reload-failed'
      readonly reload: number
      readonly origin: string
      readonly error: ApiError
      readonly schemas: readonly string[]
      readonly extraSearchPath: readonly string[]
      readonly attempt: number
    })
  | { readonly kind: 'reload-retry'; readonly retryInMs: number }
  /** One reload as a whole, for who shows it; the log has the lines of its parts. */
  | { readonly kind: 'reload-began' | 'reload-ended'; readonly record: ReloadRecord }
  // sources
  /** Its state or the cause of it, for who shows it. */
  | { readonly kind: 'source-changed'; readonly status: SourceStatus }
  | { readonly kind: 'source-up'; readonly source: string }
  | { readonly kind: 'source-down'; readonly source: string; readonly cause: string }
  /** The database has no such source, or not for us. */
  | { readonly kind: 'source-absent'; readonly source: string; readonly cause: string }
  | {
      readonly kind: 'listener-connected'
      readonly feed: FeedName
      readonly serverVersion: string
      readonly address: string
      readonly channel: string
    }
  | {
      readonly kind: 'listener-failed'
      readonly feed: FeedName
      readonly channel: string
      readonly cause: string
    }
  | { readonly kind: 'listener-retry'; readonly feed: FeedName; readonly retryInMs: number }
  | {
      readonly kind: 'notification'
      readonly feed: FeedName
      readonly channel: string
      readonly scope: 'schema' | 'config'
      /** How many it stands for, which came in one moment. */
      readonly times: number
    }
  | {
      readonly kind: 'notification-unknown'
      readonly channel: string
      /** It asks for nothing that is known; cut where it is long. */
      readonly payload: string
      /** How many came in one moment; the payload is the last one's. */
      readonly times: number
    }
  // requests
  | {
      readonly kind: 'request-finished'
      readonly peer: string
      readonly role: string | null
      readonly method: string
      /** Path and query as sent. */
      readonly target: string
      readonly httpVersion: string
      readonly status: number
      /** Of an error. */
      readonly code?: string
      readonly bodyBytes: number | null
      readonly referer: string
      readonly userAgent: string
      readonly durationMs: number
    }
  /** The limit refused a request: whose budget was spent. */
  | { readonly kind: 'rate-limited'; readonly client: 'user' | 'address' }
  | { readonly kind: 'request-error'; readonly error: ApiError; readonly status: number }
  | { readonly kind: 'crashed'; readonly stack: string }
  | { readonly kind: 'queries'; readonly statements: readonly string[]; readonly status: number }
  | {
      readonly kind: 'legacy-target-name'
      /** [relation, alias] pairs */
      readonly names: readonly (readonly [string, string])[]
      readonly method: string
      readonly target: string
    }
  | { readonly kind: 'jwt-cache-lookup'; readonly hit: boolean }
  | { readonly kind: 'jwt-cache-eviction' }
  // the pool
  | { readonly kind: 'pool-request' }
  | { readonly kind: 'pool-request-fulfilled' }
  | { readonly kind: 'pool-timeout' }
  | {
      readonly kind: 'connection'
      readonly id: string
      readonly status: 'connecting' | 'ready' | 'used' | 'released' | 'closed'
      readonly reason: string
    }
  | { readonly kind: 'connection-lost'; readonly error: ApiError }
  // the schema mark
  /** What became of the mark. `cause`: what is wrong with one that is unfit. */
  | {
      readonly kind: 'schema-mark'
      readonly state: 'found' | 'unfit' | 'absent'
      readonly cause: string | null
      /** Requests cannot be answered without it. */
      readonly isNeeded: boolean
    }
  /** The catalogs were found changed although the mark had not moved. */
  | { readonly kind: 'change-unmarked' }
  /** Statements are not prepared any more: the server had others than those made there. */
  | { readonly kind: 'preparation-given-up'; readonly sqlState: string; readonly cause: string }

export type Observe = (observation: Observation) => void
