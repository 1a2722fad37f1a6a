/**
 * One PostgreSQL cluster per available version for the whole run, and one MongoDB server where one
 * can be had. Test files take their own database in them (`shared-cluster.ts`, `mongodb.ts`); files
 * that stop or kill a server start one themselves.
 * Also the folder in which the run keeps what its servers print and answer (`trace.ts`).
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import type { TestProject } from 'vitest/node'
import type { SharedMongodb } from './mongodb.ts'
import { engineMissing, type MongodbServer, mongodbBinary, startMongodb } from './mongodb-engine.ts'
import { availableVersions, type Cluster, type PostgresVersion, startCluster } from './postgres.ts'
import { traceVariable } from './trace.ts'

declare module 'vitest' {
  interface ProvidedContext {
    clusters: readonly { readonly version: PostgresVersion; readonly port: number }[]
    mongodb: SharedMongodb | null
  }
}

/** Process tests run what users run: the built server. Without one there is nothing to test. */
function build(): void {
  const root = join(import.meta.dirname, '..', '..')
  const { error, status, stdout, stderr } = spawnSync('npm', ['run', '-s', 'build'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`)
}

/** MongoDB's own server; SecantusDB says of itself that it was built from no commit of MongoDB's. */
async function isMongod(uri: string): Promise<boolean> {
  const client = await MongoClient.connect(uri)
  try {
    const { gitVersion } = await client.db('admin').command({ buildInfo: 1 })
    return process.env['TEST_MONGODB_REAL'] !== '0' && !/^0*$/.test(String(gitVersion))
  } finally {
    await client.close()
  }
}

/** The server that TEST_MONGODB_URI names; else one of our own, where its binary is here. */
async function findMongodb(): Promise<SharedMongodb | MongodbServer | null> {
  const { TEST_MONGODB_URI: named, TEST_MONGODB_REQUIRED: isRequired } = process.env
  if (named !== undefined && named !== '') return { uri: named, isMongod: await isMongod(named) }
  if (mongodbBinary() !== null) return startMongodb()
  if (isRequired === '1') throw new Error(engineMissing)
  console.warn(engineMissing)
  return null
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  build()
  const mongodb = await findMongodb()
  const clusters: Cluster[] = []
  for (const version of availableVersions()) clusters.push(await startCluster({ version }))
  if (!clusters.some((cluster) => cluster.version === '15')) {
    console.warn('SKIPPED: tests on PostgreSQL 15, /usr/lib/postgresql/15/bin is not installed')
  }
  const traces = mkdtempSync(join(tmpdir(), 'dbrest-trace-'))
  process.env[traceVariable] = traces
  project.provide(
    'clusters',
    clusters.map(({ version, port }) => ({ version, port })),
  )
  project.provide(
    'mongodb',
    mongodb === null
      ? null
      : { uri: mongodb.uri, isMongod: 'isMongod' in mongodb && mongodb.isMongod },
  )
  return async () => {
    await Promise.all(clusters.map((cluster) => cluster.destroy()))
    if (mongodb !== null && 'destroy' in mongodb) await mongodb.destroy()
    rmSync(traces, { recursive: true, force: true })
  }
}
