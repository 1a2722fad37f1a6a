/**
 * One PostgreSQL cluster per available version for the whole run. Test files take their own
 * database in it (`sharedCluster`); files that stop or kill a server start a cluster themselves.
 * Also the folder in which the run keeps what its servers print and answer (`trace.ts`).
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { availableVersions, type Cluster, type PostgresVersion, startCluster } from './postgres.ts'
import { traceVariable } from './trace.ts'

declare module 'vitest' {
  interface ProvidedContext {
    clusters: readonly { readonly version: PostgresVersion; readonly port: number }[]
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

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  build()
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
  return async () => {
    await Promise.all(clusters.map((cluster) => cluster.destroy()))
    rmSync(traces, { recursive: true, force: true })
  }
}
