/**
 * How long after a change of the schema it is served.
 *
 * On PostgreSQL after a migration's COMMIT, at several sizes of the schema, with what it costs others
 * meanwhile and what a storm of notifications does: see `postgres-reload-latency.ts`.
 *
 * On MongoDB after the command's answer, while clients read and write: see
 * `mongodb-reload-latency.ts`. With `--standalone` there is no change stream, and the poll finds it.
 *
 *   npm run bench:reload [-- --migrations 20 --tables 200,10000,40000,60000 --storm 2000]
 *   npm run bench:reload -- --engine mongodb [--standalone --rounds 20 --tables 100 --connections 8]
 */
import { parseArgs } from 'node:util'
import { measureMongodb } from './mongodb-reload-latency.ts'
import { measurePostgres, quantile } from './postgres-reload-latency.ts'

const { values: options } = parseArgs({
  options: {
    engine: { type: 'string', default: 'postgres' },
    migrations: { type: 'string', default: '20' },
    /** Collections on MongoDB; sizes, one after the other, on PostgreSQL. */
    tables: { type: 'string' },
    storm: { type: 'string', default: '2000' },
    standalone: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '20' },
    connections: { type: 'string', default: '8' },
  },
})

if (options.engine === 'mongodb') await onMongodb()
else {
  await measurePostgres({
    tables: (options.tables ?? '200,10000,40000,60000').split(',').map(Number),
    migrations: Number(options.migrations),
    storm: Number(options.storm),
    print: (line) => console.log(line),
  })
}

async function onMongodb(): Promise<void> {
  const collections = Number(options.tables ?? 100)
  const { changes, perSecond, failures } = await measureMongodb({
    isStandalone: options.standalone,
    collections,
    rounds: Number(options.rounds),
    connections: Number(options.connections),
  })
  const by = options.standalone ? 'the poll of every 2000 ms' : 'the change stream'
  console.log(
    `${collections} collections, ${options.connections} clients with ${perSecond.toFixed(0)} requests/s (${failures} failed), by ${by}; from the command's answer to one of the API that shows it:`,
  )
  const all = changes.flatMap(({ latencies }) => latencies)
  for (const { change, latencies } of [...changes, { change: 'all of them', latencies: all }]) {
    const [median, p99, worst] = [0.5, 0.99, 1].map((share) => quantile(latencies, share))
    console.log(
      `  ${change.padEnd(28)} median ${median?.toFixed(0)} ms, 99 % ${p99?.toFixed(0)} ms, worst ${worst?.toFixed(0)} ms (${latencies.length})`,
    )
  }
}
