/**
 * How long after a change of the schema it is served.
 *
 * On PostgreSQL after a migration's COMMIT: ALTER TABLE and NOTIFY in one transaction, then the admin
 * server is asked until a newer snapshot is in force. Migrations come one by one, with a rest between
 * them: a reload that follows another within 100 ms waits, which is what the second part is about, a
 * storm of notifications and what it costs.
 *
 * On MongoDB after the command's answer, while clients read and write: see
 * `mongodb-reload-latency.ts`. With `--standalone` there is no change stream, and the poll finds it.
 *
 *   npm run bench:reload [-- --migrations 100 --tables 200 --storm 2000]
 *   npm run bench:reload -- --engine mongodb [--standalone --rounds 20 --tables 100 --connections 8]
 */
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startCluster } from '../test/support/postgres.ts'
import { startServer } from '../test/support/server.ts'
import { measureMongodb } from './mongodb-reload-latency.ts'

const { values: options } = parseArgs({
  options: {
    engine: { type: 'string', default: 'postgres' },
    migrations: { type: 'string', default: '100' },
    tables: { type: 'string', default: '200' },
    storm: { type: 'string', default: '2000' },
    standalone: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '20' },
    connections: { type: 'string', default: '8' },
  },
})

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

if (options.engine === 'mongodb') await onMongodb()
else await onPostgres()

async function onMongodb(): Promise<void> {
  const { changes, perSecond, failures } = await measureMongodb({
    isStandalone: options.standalone,
    collections: Number(options.tables),
    rounds: Number(options.rounds),
    connections: Number(options.connections),
  })
  const by = options.standalone ? 'the poll of every 2000 ms' : 'the change stream'
  console.log(
    `${options.tables} collections, ${options.connections} clients with ${perSecond.toFixed(0)} requests/s (${failures} failed), by ${by}; from the command's answer to one of the API that shows it:`,
  )
  const all = changes.flatMap(({ latencies }) => latencies)
  for (const { change, latencies } of [...changes, { change: 'all of them', latencies: all }]) {
    const [median, p99, worst] = [0.5, 0.99, 1].map((share) => quantile(latencies, share))
    console.log(
      `  ${change.padEnd(28)} median ${median?.toFixed(0)} ms, 99 % ${p99?.toFixed(0)} ms, worst ${worst?.toFixed(0)} ms (${latencies.length})`,
    )
  }
}

async function onPostgres(): Promise<void> {
  const cluster = await startCluster()
  try {
    await cluster.query(`
      create role bench_anon nologin;
      create schema api;
      grant usage on schema api to bench_anon;
      create table api.probe (id int primary key);
      do $$ begin
        for i in 1..${Number(options.tables)} loop
          execute format(
            'create table api.t%s (id int primary key, a text, b int, c date, probe_id int references api.probe)', i);
        end loop;
      end $$;
      grant select on all tables in schema api to bench_anon;
    `)
    const server = await startServer({
      env: {
        DBREST_DB_URI: cluster.uri('postgres'),
        DBREST_DB_SCHEMAS: 'api',
        DBREST_DB_ANON_ROLE: 'bench_anon',
      },
    })
    const migration = new pg.Client(cluster.uri('postgres'))
    await migration.connect()

    const version = async (): Promise<number> => {
      const health: unknown = await (await fetch(`${server.adminUrl}/health`)).json()
      return (health as { schemaCache: { version: number } }).schemaCache.version
    }
    const rest = () => new Promise((resolve) => setTimeout(resolve, 200))
    const latencies: number[] = []
    for (let i = 0; i < Number(options.migrations); i += 1) {
      await rest()
      const before = await version()
      await migration.query(
        `begin; alter table api.probe add column c${i} int; notify pgrst, 'reload schema'; commit`,
      )
      const committedAt = performance.now()
      while ((await version()) === before) {
        // asked again at once: the answer takes about a millisecond
      }
      latencies.push(performance.now() - committedAt)
    }
    console.log(
      `${latencies.length} migrations on ${options.tables} tables, from COMMIT to a snapshot that has the change:`,
    )
    console.log(
      `  median ${quantile(latencies, 0.5).toFixed(0)} ms, 90 % ${quantile(latencies, 0.9).toFixed(0)} ms, worst ${quantile(latencies, 1).toFixed(0)} ms`,
    )

    const loads = () => server.stderr.filter((line) => /Schema cache queried/.test(line)).length
    const before = loads()
    const startedAt = performance.now()
    for (let i = 0; i < Number(options.storm); i += 1) await migration.query('notify pgrst')
    await migration.query(
      "alter table api.probe add column after_storm int; notify pgrst, 'reload schema'",
    )
    for (;;) {
      const dump = await (await fetch(`${server.adminUrl}/schema_cache`)).text()
      if (dump.includes('"after_storm"')) break
    }
    const seconds = (performance.now() - startedAt) / 1000
    const reloads = loads() - before
    console.log(
      `${options.storm} notifications from separate transactions in ${seconds.toFixed(1)} s: ${reloads} reloads, ${(reloads / seconds).toFixed(1)} a second; the change behind them was served`,
    )
    await migration.end()
    await server.stop()
  } finally {
    await cluster.destroy()
  }
}
