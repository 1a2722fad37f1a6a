/**
 * SQLite as ratios, in one interleaved run: dbrest against `sqlite-floor.ts`, which runs the same
 * statement in the thread that serves HTTP. Medians over rounds; the absolute figures are this
 * machine's only. CPU time is told of the server and of its SQLite processes; memory is PSS.
 *
 *   npm run bench:sqlite [-- --rounds 5 --seconds 3 --only 'read by key' --connections 20]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Database from 'better-sqlite3'
import { buildSqliteCatalog } from '../src/backends/sqlite/catalog/introspect-sqlite.ts'
import { readRawCatalog } from '../src/backends/sqlite/child/read-raw-catalog.ts'
import { createSqliteCompiler } from '../src/backends/sqlite/compile/compile-sqlite.ts'
import { bindOperands } from '../src/backends/sqlite/compile/sqlite-operands.ts'
import { defaultConfig } from '../src/config/default-config.ts'
import { buildSnapshot } from '../src/schema/build-snapshot.ts'
import { schemaOptions } from '../src/schema/schema-options.ts'
import { planOf, requestOf } from '../test/support/plan-of.ts'
import { freePort } from '../test/support/postgres.ts'
import {
  type Contender,
  compareContenders,
  median,
  startDbrest,
  startFloorScript,
} from './compare-contenders.ts'
import { runLoad } from './load.ts'
import { childrenOf, memoryOf } from './process-tree.ts'
import type { SqliteFloorInput } from './sqlite-floor.ts'
import type { SqliteWriteFloorInput } from './sqlite-write-floor.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    connections: { type: 'string', default: '20' },
  },
})
const connections = Number(options.connections)
const durationMs = Number(options.seconds) * 1000
const rounds = { rounds: Number(options.rounds), connections, durationMs }

const schema = `
  create table clients (id integer primary key, name text not null);
  create table projects (
    id integer primary key, name text not null, client_id integer not null references clients,
    budget numeric not null, started date not null);
  create table tasks (
    id integer primary key, name text not null, project_id integer not null references projects,
    done boolean not null);
  with recursive n(i) as (select 1 union all select i + 1 from n where i < 100)
    insert into clients select i, 'client ' || i from n;
  with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
    insert into projects
      select i, 'project ' || i, i % 100 + 1, i * 10, date('2020-01-01', i || ' days') from n;
  with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000)
    insert into tasks select i, 'task ' || i, i % 1000 + 1, i % 3 = 0 from n;
  create index projects_client on projects (client_id);
  create index tasks_project on tasks (project_id);
  create view endless as
    with recursive n(i) as (select 1 union all select 1 from n) select count(*) as i from n;
  analyze;
`

interface SqliteScenario {
  readonly name: string
  readonly target: string
}

const scenarios: readonly SqliteScenario[] = [
  { name: 'read by key', target: '/tasks?id=eq.4711' },
  {
    name: '100 rows, filtered and ordered',
    target: '/tasks?project_id=lte.200&order=name.desc,id&limit=100',
  },
  { name: 'one-level embed', target: '/projects?select=id,name,clients(name)&id=lte.50' },
  { name: 'count', target: '/tasks?select=count()&project_id=lte.100' },
  { name: '10,000 rows', target: '/tasks' },
]

/** The statement that dbrest runs for a request, with its values. */
function statementOf(path: string, target: string): Pick<SqliteFloorInput, 'sql' | 'params'> {
  const db = new Database(path, { readonly: true })
  const wanted = schemaOptions(defaultConfig('sqlite'))
  const catalog = buildSqliteCatalog(readRawCatalog(db), '0:0:0:0', {}, null)
  db.close()
  const snapshot = buildSnapshot(catalog, wanted, 1, new Date())
  const plan = planOf(snapshot, `GET ${target}`)
  if (!plan.ok || plan.value.kind !== 'read') throw new Error(`no read: ${target}`)
  const compiled = createSqliteCompiler()(plan.value, snapshot, null)
  if (!compiled.ok) throw new Error(`not compiled: ${target}`)
  const bound = bindOperands(compiled.value.main, requestOf(snapshot, `GET ${target}`), {
    role: '',
    claims: '{}',
  })
  if (!bound.ok) throw new Error(`not bound: ${target}`)
  const params = bound.value.map((value) => {
    if (typeof value === 'bigint') return { int: value.toString() }
    if (value instanceof Uint8Array) throw new Error('bytes are not handed to the floor')
    return value
  })
  return { sql: compiled.value.main.text, params }
}

function startOwn(path: string): Promise<Contender> {
  const env = { DBREST_DB_AGGREGATES_ENABLED: 'true', DBREST_DB_STATEMENT_TIMEOUT: '0' }
  return startDbrest([path], env, '/tasks?limit=1')
}

async function startFloor(path: string, target: string): Promise<Contender> {
  const input: SqliteFloorInput = { path, port: await freePort(), ...statementOf(path, target) }
  return startFloorScript('sqlite-floor.js', input)
}

async function compare(path: string, { name, target }: SqliteScenario): Promise<void> {
  const contenders = [await startOwn(path), await startFloor(path, target)]
  await compareContenders(contenders, { name, target }, rounds)
}

const insert = {
  target: '/notes',
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: '{"task_id":4711,"body":"a note of some words","stars":4}',
} as const

/** Each contender writes to a file of its own; both are on the disk when they answer. */
async function compareInserts(mode: 'wal' | 'delete', clients: number): Promise<void> {
  const paths = ['own', 'floor'].map((name) => {
    const path = join(folder, `${mode}-${clients}-${name}.db`)
    const db = new Database(path)
    db.pragma(`journal_mode = ${mode}`)
    db.exec(
      `${schema}; create table notes (id integer primary key, task_id int references tasks, body text, stars int)`,
    )
    db.close()
    return path
  })
  const [ownPath = '', floorPath = ''] = paths
  const port = await freePort()
  const input: SqliteWriteFloorInput = {
    path: floorPath,
    port,
    sql: 'insert into notes (task_id, body, stars) values (?, ?, ?)',
    keys: ['task_id', 'body', 'stars'],
  }
  const contenders = [
    await startOwn(ownPath),
    await startFloorScript('sqlite-write-floor.js', input),
  ]
  const perSecond = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  let p99Ms = 0
  let failures = 0
  try {
    for (let round = 0; round <= Number(options.rounds); round += 1) {
      for (const { name, port: at } of contenders) {
        const load = { ...insert, port: at, connections: clients, durationMs }
        const result = await runLoad(round === 0 ? { ...load, durationMs: 500 } : load)
        if (round > 0) perSecond.get(name)?.push(result.perSecond)
        if (name === 'dbrest') p99Ms = Math.max(p99Ms, result.p99Ms)
        failures += result.failures
      }
    }
  } finally {
    for (const { stop } of contenders) stop()
  }
  const own = perSecond.get('dbrest') ?? []
  const floor = perSecond.get('floor') ?? []
  const ratio = median(own.map((value, i) => value / (floor[i] ?? Number.NaN)))
  console.log(
    `inserts over ${clients} connections, ${mode}: ${median(own).toFixed(0)} a second, ` +
      `p99 ${p99Ms.toFixed(0)} ms, ${median(floor).toFixed(0)} in one thread: dbrest is ` +
      `${ratio.toFixed(2)} of it, ${failures} failures`,
  )
}

async function besideRunaways(path: string): Promise<void> {
  const { port, pid, stop } = await startOwn(path)
  const target = '/tasks?id=eq.4711'
  const leaving = new AbortController()
  try {
    console.log(
      `\nmemory when idle: ${memoryOf(pid).toFixed(0)} MB in ${childrenOf(pid).length + 1} processes`,
    )
    for (const runaways of [0, 4]) {
      for (let index = 0; index < runaways; index += 1) {
        fetch(`http://127.0.0.1:${port}/endless`, { signal: leaving.signal }).catch(() => null)
      }
      await runLoad({ target, port, connections, durationMs: 1000 })
      const result = await runLoad({ target, port, connections, durationMs })
      console.log(
        `read by key beside ${runaways} endless queries: ${result.perSecond.toFixed(0)} requests/s, ` +
          `p99 ${result.p99Ms.toFixed(1)} ms, ${result.failures} failures, ` +
          `${childrenOf(pid).length} SQLite processes`,
      )
    }
  } finally {
    leaving.abort()
    stop()
  }
}

async function withManyConnections(path: string): Promise<void> {
  const { port, pid, stop } = await startOwn(path)
  try {
    const result = await runLoad({
      target: '/tasks?id=eq.4711',
      port,
      connections: 1000,
      durationMs,
    })
    console.log(
      `read by key over 1000 connections: ${result.perSecond.toFixed(0)} requests/s, ` +
        `median ${result.medianMs.toFixed(0)} ms, p99 ${result.p99Ms.toFixed(0)} ms, ` +
        `${result.failures} failures, ${memoryOf(pid).toFixed(0)} MB, ` +
        `${childrenOf(pid).length} SQLite processes`,
    )
  } finally {
    stop()
  }
}

const folder = mkdtempSync(join(tmpdir(), 'dbrest-bench-'))
const file = join(folder, 'bench.db')
const db = new Database(file)
db.exec(schema)
db.close()
try {
  for (const scenario of scenarios) {
    if (scenario.name.includes(options.only)) await compare(file, scenario)
  }
  if ('inserts'.includes(options.only)) {
    for (const clients of [1, 16, 64]) await compareInserts('wal', clients)
    await compareInserts('delete', 16)
  }
  if (options.only === '') {
    await besideRunaways(file)
    await withManyConnections(file)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
