/**
 * The options that PostgREST does not have. The hidden ones let tests of the reload pipeline make
 * a schema load slow.
 */

import { userClaim } from './jwt-option-kinds.ts'
import { type OptionKey, type OptionTable, option, optionByEngine } from './option.ts'
import {
  basePath,
  boolean,
  choice,
  integer,
  integerOrAuto,
  milliseconds,
  optionalList,
  optionalMilliseconds,
  optionalText,
  seconds,
} from './option-kinds.ts'
import { type RegistryKey, registry } from './registry-text.ts'
import { trustedProxies } from './trusted-proxies.ts'

type OwnOptionKey =
  | Extract<OptionKey, `rateLimit${string}`>
  | Extract<OptionKey, `internal${string}`>
  | RegistryKey
  | 'adminDashboard'
  | 'adminServerToken'
  | 'dbBackend'
  | 'dbChannelUri'
  | 'dbForeignKeys'
  | 'dbReadOnly'
  | 'dbTables'
  | 'dbExcludeTables'
  | 'dbSchemaPollInterval'
  | 'dbStatementTimeout'
  | 'dbSchemaLoadTimeout'
  | 'dbSchemaStrict'
  | 'maxRequestBody'
  | 'etagEnabled'
  | 'logFormat'
  | 'serverTrustedProxies'
  | 'serverBasePath'
  | 'serverWorkers'
  | 'shutdownDelay'

/** Beyond it a token comes back more often than clocks are read. */
const mostTokens = 1_000_000

export const dbrestOptions: OptionTable<OwnOptionKey> = {
  adminDashboard: option('admin-dashboard', boolean, true, {
    doc: 'Whether the admin server has the [dashboard](dashboard.md) at `GET /`: a page that shows live whether the API is fresh and why, the reloads and what they changed, sources, requests, the pool and the schema.',
  }),
  adminServerToken: option('admin-server-token', optionalText, null, {
    defaultNote: 'nobody is asked for one',
    isSecret: true,
    doc: 'What the admin server wants as `Authorization: Bearer …` before it shows or does anything but answer probes (`/live`, `/ready`, `/ok`, `/health`); `/health` keeps details of sources and errors from others. `@path` reads it from a file, again at each reload.',
  }),
  dbBackend: optionByEngine(
    'db-backend',
    choice(['postgres', 'sqlite', 'mongodb'], {
      aliases: { postgresql: 'postgres', pg: 'postgres' },
    }),
    (engine) => engine,
    {
      defaultNote: 'told from `db-uri`',
      reload: 'boot',
      doc: 'The engine behind `db-uri`; `postgresql` and `pg` are `postgres`. One that contradicts `db-uri` refuses the start.',
    },
  ),
  dbChannelUri: option('db-channel-uri', optionalText, null, {
    defaultNote: '`db-uri`',
    reload: 'boot',
    isSecret: true,
    doc: 'Where `db-channel` is listened to, in the words of `db-uri`, and `@path` of a file as there: past a [pooler](poolers.md) in transaction mode, which loses notifications, or on the primary of the replica that requests read from. It has to lead to the same database. Two connections are made there; requests and schema loads stay with `db-uri`. Read once: a reload keeps it.',
  }),
  dbForeignKeys: option('db-foreign-keys', boolean, true, {
    reload: 'boot',
    doc: 'On SQLite, whether foreign keys are enforced when something is written. SQLite leaves that to each program; switch it off for a file whose own program does not enforce them. See [SQLite files](sqlite.md).',
  }),
  dbReadOnly: option('db-read-only', boolean, false, {
    reload: 'boot',
    doc: 'On SQLite, refuses every write with `405 25006` and opens the file to write only where a crashed program left a transaction to be rolled back; also `--read-only` on the command line, and `mode=ro` in the URI of `db-uri`. On MongoDB it refuses every write. On PostgreSQL set `default_transaction_read_only` for the role.',
  }),
  dbTables: option('db-tables', optionalList, null, {
    defaultNote: 'all tables and views of the schemas',
    reload: 'schema',
    inDatabase: true,
    doc: 'The tables, views and collections that are served, by name; `*` stands for any characters, and a schema may stand in front: `films, film_*, api.*`. Letters count as they are written. Everything else in the schemas is as unknown to clients as what is in a schema that is not exposed: no path, no embedding of it or through it as a junction, no word of it in the OpenAPI document, in types and in hints. Views over it, foreign keys and triggers work on, and so do functions, which are not meant by this: revoke those. A name that nothing has is told of in the log.',
  }),
  dbExcludeTables: option('db-exclude-tables', optionalList, null, {
    defaultNote: 'none',
    reload: 'schema',
    inDatabase: true,
    doc: 'The tables, views and collections that are not served, of those that otherwise would be; in the words of `db-tables`. A policy of `policy-registry` that looks through one of them denies its own relation to everybody, and a policy for one of them is not looked at.',
  }),
  dbSchemaPollInterval: optionByEngine(
    'db-schema-poll-interval',
    optionalMilliseconds,
    (engine) => (engine === 'sqlite' ? 500 : null),
    {
      defaultNote: '`500` on SQLite; `0` on MongoDB with change streams; else `2000`',
      reload: 'boot',
      doc: 'How often the version of the schema is asked for, so that changes are noticed which nothing tells of; 0 for never. A look costs one cheap query, and loads only when the version moved; where it takes long the pause grows, so that looks take 3 % of a core of the database at most, and servers that hear each other share one look. While the listener is down, or has not shown that it hears, the version is asked for every second whatever this says.',
    },
  ),
  dbStatementTimeout: optionByEngine(
    'db-statement-timeout',
    milliseconds(),
    (engine) => (engine === 'postgres' ? 0 : 30_000),
    {
      defaultNote: '`30000`; `0` on PostgreSQL',
      doc: 'How long a request may run on an engine without role settings, before `500 57014`; 0 for no limit. PostgreSQL has `statement_timeout` for that, of roles, sessions and functions: there any other value refuses the start.',
    },
  ),
  dbSchemaLoadTimeout: option('db-schema-load-timeout', milliseconds(1), 60_000, {
    doc: 'How long one load of the schema may take before it counts as failed and is tried again.',
  }),
  dbSchemaStrict: option('db-schema-strict', boolean, false, {
    doc: 'On PostgreSQL with a schema mark, whether the transaction of each request proves that the request was planned on the schema that there is. One that was not is rolled back, waits for the new schema and is run again; what cannot be proven is answered 503 `PGRST002`. See [strict mode](strict-mode.md#strict-mode).',
  }),
  etagEnabled: option('etag-enabled', boolean, false, {
    doc: 'Whether answers to reads of relations have an `ETag`, `If-None-Match` is answered with 304, and `If-Match` makes a write of one row depend on nobody having changed it. Without it these headers are not looked at. See [conditional requests](conditional-requests.md).',
  }),
  maxRequestBody: option(
    'max-request-body',
    integer({ least: 0, unit: 'bytes' }),
    64 * 1024 * 1024,
    {
      doc: 'The largest request body, beyond it `413 PGRSTX13`; 0 for no limit.',
    },
  ),
  logFormat: option('log-format', choice(['text', 'json']), 'text', {
    reload: 'boot',
    doc: "How log lines are written: PostgREST's text, or JSON.",
  }),
  serverBasePath: option('server-base-path', basePath, null, {
    defaultNote: 'none',
    doc: 'The path that the API is served below, e.g. `/rest/v1`, where clients of Supabase look for it. `Location` headers and the OpenAPI document have it in front; outside of it there is `404 PGRST125`. The admin server is not concerned.',
  }),
  shutdownDelay: option('shutdown-delay', seconds, 0, {
    doc: 'Seconds from SIGTERM or SIGINT on in which requests are still taken, while `/ready` and `/health` say 503: as long as it takes until balancers send no more. Then the sockets close and requests in flight are finished. A second signal ends it at once.',
  }),
  serverWorkers: option('server-workers', integerOrAuto({ least: 1, most: 256 }), 1, {
    reload: 'boot',
    doc: 'How many processes answer requests on one port; `auto` for as many as there are processors. With more than one, a process beside them loads the schema once for all and has the admin server; `db-pool` is divided among them. See [workers](workers.md).',
  }),
  rateLimitEnabled: option('rate-limit-enabled', boolean, false, {
    doc: 'Whether requests of one client are limited: each has `rate-limit-burst` of them at once, and gets `rate-limit-rps` back every second; beyond that `429 PGRSTX29`. Answers say what is left in `X-RateLimit-Limit` and `X-RateLimit-Remaining`. See [rate limit](rate-limit.md).',
  }),
  rateLimitRps: option('rate-limit-rps', integer({ least: 1, most: mostTokens }), 10, {
    doc: 'Requests a second that a client may send for long, while `rate-limit-enabled`.',
  }),
  rateLimitBurst: option('rate-limit-burst', integer({ least: 1, most: mostTokens }), 20, {
    doc: 'Requests that a client which has paused may send at once, while `rate-limit-enabled`.',
  }),
  rateLimitClaim: option('rate-limit-claim', userClaim, 'sub', {
    doc: 'The claim of a valid token that names the user whose requests are counted, together with `iss`: its name, or a JSONPath as of `jwt-role-claim-key`. Requests without one are counted by address.',
  }),
  serverTrustedProxies: option('server-trusted-proxies', trustedProxies, [], {
    defaultNote: 'none',
    doc: 'The proxies whose `X-Forwarded-For` tells the address of a client: addresses and networks (`10.0.0.0/8, 2001:db8::/32`), and `unix:` for whoever asks on `server-unix-socket`. The client is the last address there that is none of them. Without it the client is the other end of the connection.',
  }),
  functionRegistry: option('function-registry', registry, null, {
    defaultNote: 'no functions',
    reload: 'schema',
    doc: 'The functions under `/rpc`, for engines that have none of their own: see [functions](functions.md). The file is read again at each reload of the configuration, and when it changes.',
  }),
  policyRegistry: option('policy-registry', registry, null, {
    defaultNote: 'everybody who is served may do everything',
    doc: 'Roles, what they are granted and which rows they see, on engines without roles: see [access rules](access.md). With one, nothing is allowed that is not granted. The file is read again at each reload of the configuration, and when it changes.',
  }),
  declaredSchema: option('declared-schema', registry, null, {
    defaultNote: 'what validators and samples tell',
    reload: 'schema',
    doc: 'On MongoDB, what is known of collections beyond their validators and documents: names and types of columns, keys, whether there are other fields; see [what is declared](mongodb.md#what-is-declared). The file is read again at each reload of the configuration, and when it changes.',
  }),
  declaredRelationships: option('declared-relationships', registry, null, {
    defaultNote: 'what the names of fields tell',
    reload: 'schema',
    doc: 'On MongoDB, how collections lead to each other where the names of their fields do not tell; see [what is declared](mongodb.md#what-is-declared). The file is read again at each reload of the configuration, and when it changes.',
  }),
  internalSchemaCacheQuerySleep: option('internal-schema-cache-query-sleep', milliseconds(), 0, {
    isHidden: true,
  }),
  internalSchemaCacheQuerySleepBeforeQueries: option(
    'internal-schema-cache-query-sleep-before-queries',
    milliseconds(),
    0,
    { isHidden: true },
  ),
}
