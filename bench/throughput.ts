/**
 * Throughput as ratios, in one interleaved run: dbrest against the floor (`floor.ts`: the same SQL
 * through bare node:http and pg in pipeline mode) and against PostgREST 12.0.2 from the npm
 * registry. Medians over rounds; the absolute figures are this machine's only. CPU time is told of the
 * server and of PostgreSQL.
 *
 *   npm run bench [-- --rounds 5 --seconds 3 --only 'read by key' --connections 20 --json FILE]
 *
 * `--strict` adds dbrest in strict mode, for what that costs. `--against FOLDER` adds the build of
 * another checkout, for a comparison before and after a change.
 */
import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Cluster, startCluster } from '../test/support/postgres.ts'
import { runCommand } from '../test/support/server.ts'
import { type Comparison, type Contender, compareContenders } from './compare-contenders.ts'
import {
  jwtSecret,
  peerBinary,
  startFloor,
  startOther,
  startOwn,
  startPeer,
  startStrict,
  statementsOf,
} from './postgres-contenders.ts'
import { type Scenario, scenarios, schema } from './scenarios.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    connections: { type: 'string', default: '20' },
    against: { type: 'string' },
    strict: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})

/** More than any cache of tokens holds, so that each request brings one that nobody knows. */
const tokenCount = 20_000

function signTokens(): readonly string[] {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const head = encode({ alg: 'HS256', typ: 'JWT' })
  return Array.from({ length: tokenCount }, (_, i) => {
    const signed = `${head}.${encode({ role: 'bench_anon', sub: `user ${i}` })}`
    return `${signed}.${createHmac('sha256', jwtSecret).update(signed).digest('base64url')}`
  })
}

async function startFloorFor(uri: string, own: Contender, scenario: Scenario): Promise<Contender> {
  if (scenario.isStatic === true) {
    const answer = await fetch(`http://127.0.0.1:${own.port}${scenario.target}`)
    return startFloor({ uri, statements: [], lanes: 1, main: 0, fixed: await answer.text() })
  }
  const statements = await statementsOf(uri, scenario)
  return startFloor({ uri, statements, lanes: scenario.lanes ?? 1, main: 2, fixed: null })
}

async function measure(
  cluster: Cluster,
  scenario: Scenario,
  peer: string | null,
  databasePid: number,
): Promise<Comparison> {
  const uri = cluster.uri('bench', 'bench_login')
  const own = await startOwn(uri)
  const contenders: Contender[] = [own]
  if (options.strict) contenders.push(await startStrict(uri))
  if (options.against !== undefined) contenders.push(await startOther(uri, options.against))
  contenders.push(await startFloorFor(uri, own, scenario))
  if (peer !== null && scenario.isNotForPeer !== true) contenders.push(await startPeer(uri, peer))
  const rounds = {
    rounds: Number(options.rounds),
    connections: scenario.connections ?? Number(options.connections),
    durationMs: Number(options.seconds) * 1000,
  }
  const { reset } = scenario
  const request = scenario.bringsTokens === true ? { ...scenario, tokens: signTokens() } : scenario
  return compareContenders(contenders, request, rounds, {
    databasePid,
    ...(reset === undefined ? {} : { reset: () => cluster.query(reset, 'bench') }),
  })
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}

/** dbrest as a share of the floor over all requests. */
function reportMean(comparisons: readonly Comparison[]): void {
  const ratios = comparisons.flatMap(({ contenders }) => contenders['floor']?.ratio[1] ?? [])
  if (ratios.length < 2) return
  console.log(`\n${geometricMean(ratios).toFixed(2)} of the floor in the geometric mean`)
}

const cluster = await startCluster({ settings: ['max_connections=200'] })
try {
  await cluster.query('create database bench')
  await cluster.query(schema, 'bench')
  if (options.strict) {
    const { code } = await runCommand(['schema-mark', 'install'], {
      DBREST_DB_URI: cluster.uri('bench'),
    })
    if (code !== 0) throw new Error('the schema mark could not be installed')
  }
  const [row] = await cluster.query(
    `select split_part(pg_read_file('postmaster.pid'), E'\\n', 1) as pid`,
  )
  const peer = peerBinary()
  if (peer === null) console.log('PostgREST 12.0.2 cannot be had here: no ratio to it')
  const comparisons: Comparison[] = []
  for (const scenario of scenarios) {
    if (!scenario.name.includes(options.only)) continue
    comparisons.push(await measure(cluster, scenario, peer, Number(row?.['pid'])))
  }
  reportMean(comparisons)
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify(comparisons, null, 2)}\n`)
  }
} finally {
  await cluster.destroy()
}
