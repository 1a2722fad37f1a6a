/**
 * PostgREST's options about the database: connections, schemas, transactions.
 */
import { onlySchema } from '../core/only-schema.ts'
import { txEnds } from './config.ts'
import { type ConfiguredEngine, defaultMongodbDatabase } from './detect-engine.ts'
import { type OptionKey, type OptionTable, option, optionByEngine } from './option.ts'
import {
  boolean,
  choice,
  emptyableList,
  integer,
  list,
  optionalInteger,
  optionalText,
  schemaList,
  seconds,
  text,
} from './option-kinds.ts'

type DatabaseOptionKey = Exclude<
  Extract<OptionKey, `db${string}`>,
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
>

/** On MongoDB that of a `db-uri` without a database (`load-config.ts`). */
const defaultSchemas: Readonly<Record<ConfiguredEngine, readonly string[]>> = {
  postgres: ['public'],
  sqlite: [onlySchema],
  mongodb: [defaultMongodbDatabase],
}

export const databaseOptions: OptionTable<DatabaseOptionKey> = {
  dbAggregatesEnabled: option('db-aggregates-enabled', boolean, false, {
    inDatabase: true,
    doc: 'Allows `count()`, `sum()`, `avg()`, `max()` and `min()` in `select`. Off by default, since a client could aggregate a large table over and over; on where a SQLite file is named on the command line.',
  }),
  dbAnonRole: option('db-anon-role', optionalText, null, {
    inDatabase: true,
    doc: 'The role that serves requests without a token. Unset, they get `401 PGRST302`; an engine without roles then serves them anonymously, unless `jwt-secret` or `policy-registry` is set.',
  }),
  dbChannel: option('db-channel', text, 'pgrst', {
    doc: 'The PostgreSQL channel whose notifications reload the schema (`reload schema`, or an empty payload) or the configuration (`reload config`).',
  }),
  dbChannelEnabled: option('db-channel-enabled', boolean, true, {
    doc: 'Listens on `db-channel`. Behind a pooler in transaction mode, which loses notifications, name a way past it by `db-channel-uri`, or switch it off: the version of the schema is then asked for every `db-schema-poll-interval`.',
  }),
  dbConfig: option('db-config', boolean, true, {
    doc: 'Reads settings from the database: those of the connecting role, and those that `db-pre-config` sets.',
  }),
  dbPreConfig: option('db-pre-config', optionalText, null, {
    inDatabase: true,
    doc: "A function without arguments, `schema.function`, that sets options with `set_config('pgrst.db_schemas', 'api', true)` when the configuration is read.",
  }),
  dbExtraSearchPath: option('db-extra-search-path', emptyableList, ['public'], {
    reload: 'schema',
    inDatabase: true,
    doc: 'Schemas put into the search path behind the exposed one, for instance those of extensions. They are not exposed. An empty text means none.',
  }),
  dbHoistedTxSettings: option(
    'db-hoisted-tx-settings',
    list,
    ['statement_timeout', 'plan_filter.statement_cost_limit', 'default_transaction_isolation'],
    {
      reload: 'schema',
      inDatabase: true,
      doc: 'The settings of a function that act on the whole transaction when it is called.',
    },
  ),
  dbMaxRows: option('db-max-rows', optionalInteger({ least: 0 }), null, {
    aliases: ['max-rows'],
    defaultNote: 'no limit',
    inDatabase: true,
    doc: 'The most rows that one answer holds, whatever the request asks for.',
  }),
  dbPlanEnabled: option('db-plan-enabled', boolean, false, {
    inDatabase: true,
    doc: 'Answers `Accept: application/vnd.pgrst.plan` with the execution plan. Plans tell much about the data: not for the public.',
  }),
  dbPool: option('db-pool', integer({ least: 1 }), 10, {
    reload: 'boot',
    doc: 'The most connections that requests use at once. Schema loads and notifications have connections of their own. On SQLite, the most processes that run queries: two are kept, more are started where queries take long, and where there may be several, long queries leave one of them to others. A schema load has one more when all are taken, and writes have one of their own. On MongoDB it is `maxPoolSize`, as the other options of the pool have their counterparts: see [the pool](mongodb.md#limits-of-time-and-the-pool).',
  }),
  dbPoolAcquisitionTimeout: option('db-pool-acquisition-timeout', seconds, 10, {
    reload: 'boot',
    doc: 'Seconds that a request waits for a connection before `504 PGRST003`.',
  }),
  dbPoolAutomaticRecovery: option('db-pool-automatic-recovery', boolean, true, {
    doc: 'Reconnects for ever when the database is gone. Switched off, the process ends instead.',
  }),
  dbPoolMaxIdletime: option('db-pool-max-idletime', seconds, 30, {
    aliases: ['db-pool-timeout'],
    lookup: ['db-pool-timeout', 'db-pool-max-idletime'],
    reload: 'boot',
    doc: 'Seconds after which an unused connection is closed.',
  }),
  dbPoolMaxLifetime: option('db-pool-max-lifetime', seconds, 1800, {
    reload: 'boot',
    doc: 'Seconds after which a connection is replaced, once it is free.',
  }),
  dbPreRequest: option('db-pre-request', optionalText, null, {
    aliases: ['pre-request'],
    inDatabase: true,
    doc: 'A function without arguments that is called in every transaction before the request itself; it refuses a request by raising an error. On SQLite one of `function-registry`; MongoDB has none.',
  }),
  dbPreparedStatements: option('db-prepared-statements', boolean, true, {
    inDatabase: true,
    doc: 'Prepares statements on their connection. Switch it off behind a pooler in transaction mode; values stay parameters either way. A server that is found to be behind such a pooler warns, and goes on as if it were off.',
  }),
  dbRootSpec: option('db-root-spec', optionalText, null, {
    aliases: ['root-spec'],
    inDatabase: true,
    doc: 'A function that answers `GET /` in place of the OpenAPI document. On SQLite and MongoDB one of `function-registry`.',
  }),
  dbSchemas: optionByEngine('db-schemas', schemaList, (engine) => defaultSchemas[engine], {
    aliases: ['db-schema'],
    reload: 'schema',
    inDatabase: true,
    doc: 'The exposed schemas. The first serves requests without a profile header. Engines without schemas have the one called `main`, which `public` means as well. On MongoDB schemas are databases: unless set, the one that `db-uri` names, or `test`.',
  }),
  dbTxEnd: option(
    'db-tx-end',
    choice(txEnds, { problem: 'Invalid transaction termination. Check your configuration.' }),
    'commit',
    {
      inDatabase: true,
      doc: 'How transactions end; with `-allow-override` a request may choose the other end by `Prefer: tx=commit` or `tx=rollback`.',
    },
  ),
  dbUri: option('db-uri', text, 'postgresql://', {
    reload: 'boot',
    isSecret: true,
    doc: 'The database: a PostgreSQL URI (`postgresql://…`) or keyword/value text (`host=… dbname=…`), a MongoDB URI (`mongodb://…`, `mongodb+srv://…`), a SQLite file, its `file:`, `sqlite:` or `sqlite3:` URI, or `@path` of a file that holds one. In a URI `/`, `@`, `:` and `%` of a password are written `%2F`, `%40`, `%3A` and `%25`, and an `@` in the name of a database likewise. What a PostgreSQL text lacks is taken from `PGHOST`, `PGUSER` and the other variables of libpq. Read once: a reload keeps it.',
  }),
}
