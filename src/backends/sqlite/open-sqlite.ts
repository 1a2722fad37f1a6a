/**
 * Assembles the SQLite backend: processes that answer requests, versions and loads. Nothing is
 * started before it is needed, and nothing is created on disk but a copy of an immutable file.
 */
import { availableParallelism } from 'node:os'
import { parse } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Config } from '../../config/config.ts'
import { BodyMemory } from '../../core/lent-bytes.ts'
import { meansOnlySchema, onlySchema } from '../../core/only-schema.ts'
import { BackendFailure } from '../../errors/backend-failure.ts'
import type { Observe } from '../../observe/observation.ts'
import type { SchemaOptions } from '../../schema/schema-snapshot.ts'
import type { Backend, Inspection } from '../backend.ts'
import { poolLimits } from '../pool/pool-limits.ts'
import type { FunctionRegistry } from '../registry/function-registry.ts'
import { readFunctionRegistry } from '../registry/read-function-registry.ts'
import { buildSqliteCatalog } from './catalog/introspect-sqlite.ts'
import { registeredStatements } from './catalog/registered-functions.ts'
import { sqliteAbilities } from './catalog/sqlite-capabilities.ts'
import { adoptSqliteFacts, sqliteFacts } from './catalog/sqlite-facts.ts'
import { createSqliteExecutor } from './execute-sqlite.ts'
import { controlFailure, lostFailure, statementFailure } from './map-sqlite-error.ts'
import { createFileCopy } from './process/file-copy.ts'
import { noDatabaseReason } from './process/sqlite-header.ts'
import { locateDatabase } from './process/sqlite-location.ts'
import { createSqlitePool } from './process/sqlite-pool.ts'
import { type SqliteRequest, startSqliteProcess } from './process/sqlite-process.ts'
import { createSqliteWritePool } from './process/sqlite-write-pool.ts'
import { ruleProblem } from './rule-problem.ts'
import type { ChildReply } from './wire/reply-frames.ts'

export interface OpenSqliteDeps {
  readonly config: () => Config
  readonly observe: Observe
  /** Called when a request finds that the file cannot be served. */
  readonly onUnreachable: (failure: BackendFailure) => void
  /** Called when the file was opened and read. */
  readonly onConnected: () => void
}

/** Throws  an Error whose message a user understands, when `db-uri` leads to no database */
export function openSqlite(deps: OpenSqliteDeps): Backend {
  const { config, observe, onUnreachable, onConnected } = deps
  const located = locateDatabase(config().dbUri)
  if (!located.ok) throw new Error(located.error)
  const { path, isImmutable, isReadOnly } = located.value
  const refused = noDatabaseReason(path)
  if (refused !== null) throw new Error(`db-uri: the file that it names ${refused}`)
  const copy = isImmutable ? createFileCopy(path) : null
  let servedPath = path
  const { dbForeignKeys: foreignKeys } = config()
  let epoch = 0
  const memory = new BodyMemory()

  const pool = createSqlitePool({
    start: (events) =>
      startSqliteProcess({ kind: 'read', path: servedPath, foreignKeys }, memory, events),
    limits: () => poolLimits(config()),
    processors: availableParallelism(),
    observe,
  })
  const writer = createSqliteWritePool({
    start: (events) =>
      startSqliteProcess({ kind: 'write', path: servedPath, foreignKeys }, memory, events),
    limits: () => poolLimits(config()),
    observe,
  })

  async function ask<K extends ChildReply['kind']>(
    request: SqliteRequest,
    kind: K,
    signal: AbortSignal,
  ): Promise<Extract<ChildReply, { kind: K }>> {
    if (copy !== null) servedPath = await copy.refreshed()
    const outcome = await pool.runControl(request, signal)
    if (outcome.kind === 'lost') throw lostFailure(outcome.cause)
    if (outcome.kind !== 'answered') throw lostFailure('the SQLite process did not answer in time')
    const { reply } = outcome
    if (reply.kind === 'failed') throw controlFailure(reply.failure)
    if (!isKind(reply, kind)) throw new Error(`a SQLite process answered with ${reply.kind}`)
    onConnected()
    return reply
  }

  function readOnlyReason(): string | null {
    if (config().dbReadOnly) return 'db-read-only is set'
    return isReadOnly ? 'the URI in db-uri says so' : null
  }

  async function schemaVersion(options: SchemaOptions, signal: AbortSignal): Promise<string> {
    requireOnlySchema(options)
    const { schemaVersion } = await ask({ op: 'version' }, 'version', signal)
    return schemaVersion
  }

  const { execute, preRequest } = createSqliteExecutor({
    pool,
    writer,
    epoch: () => epoch,
    onUnreachable,
  })

  // without roles and comments, everybody sees all that the snapshot has
  const everything: Inspection = {
    kind: 'done',
    relations: null,
    routines: null,
    schemaDescription: null,
    databaseName: parse(path).name,
    statements: [],
  }

  return {
    abilities: sqliteAbilities,
    feed: { kind: 'poll' },
    async serverVersion(signal) {
      const { sqliteVersion } = await ask({ op: 'version' }, 'version', signal)
      return `SQLite ${sqliteVersion}`
    },
    schemaVersion,
    async introspect({ options, signal }) {
      requireOnlySchema(options)
      if (copy !== null) servedPath = await copy.refreshed()
      pool.warmUp()
      const startedAt = performance.now()
      const functions = registeredFunctions(options)
      const { dbForeignKeys: foreignKeys } = config()
      const statements = registeredStatements(functions)
      const reply = await ask({ op: 'catalog', foreignKeys, statements }, 'catalog', signal)
      const timings = { pragmas: performance.now() - startedAt }
      const { catalog, schemaVersion: version } = reply
      const registry = { functions, toFailure: statementFailure }
      return buildSqliteCatalog(catalog, version, timings, readOnlyReason(), registry)
    },
    // another copy would be another file, of another version
    sendFacts: (facts) => ({ ...sqliteFacts(facts), servedPath }),
    async adoptFacts({ servedPath: path, ...sent }) {
      if (typeof path === 'string') servedPath = path
      pool.warmUp()
      return adoptSqliteFacts(sent)
    },
    databaseSettings: () => Promise.resolve(new Map()),
    execute,
    ruleProblem,
    inspect: async (_, context) => (await preRequest(context)) ?? everything,
    recycle() {
      epoch += 1
      return 'statements'
    },
    async ping(signal) {
      await ask({ op: 'version' }, 'version', signal)
    },
    poolStats() {
      const stats = pool.stats()
      return { ...stats, waiting: stats.waiting + writer.waiting() }
    },
    async close() {
      await Promise.all([pool.close(), writer.close()])
      await copy?.remove()
    },
  }
}

function isKind<K extends ChildReply['kind']>(
  reply: ChildReply,
  kind: K,
): reply is Extract<ChildReply, { kind: K }> {
  return reply.kind === kind
}

/** The text was checked when the configuration was read. */
function registeredFunctions({ functionRegistry }: SchemaOptions): FunctionRegistry {
  if (functionRegistry === null) return []
  const read = readFunctionRegistry(functionRegistry.text)
  if (!read.ok) throw new Error(`function-registry: ${read.error.join('; ')}`)
  return read.value
}

/** As PostgreSQL says it of a schema that is not there. */
function requireOnlySchema({ dbSchemas }: SchemaOptions): void {
  if (meansOnlySchema(dbSchemas)) return
  const unknown = dbSchemas.find((schema) => schema !== onlySchema)
  const failure = {
    sqlState: '3F000',
    message: `schema "${unknown}" does not exist`,
    details: null,
    hint: `On SQLite there is one schema, ${onlySchema}: change or unset db-schemas.`,
  }
  throw new BackendFailure({ kind: 'database', failure, authenticated: false }, failure.message)
}
