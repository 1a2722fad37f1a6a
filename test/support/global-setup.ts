/**
 * One PostgreSQL cluster per available version for the whole run. Test files take their own
 * database in it (`sharedCluster`); files that stop or kill a server start a cluster themselves.
 */
import type { TestProject } from 'vitest/node'
import { availableVersions, type Cluster, type PostgresVersion, startCluster } from './postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    clusters: readonly { readonly version: PostgresVersion; readonly port: number }[]
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const clusters: Cluster[] = []
  for (const version of availableVersions()) clusters.push(await startCluster({ version }))
  if (!clusters.some((cluster) => cluster.version === '15')) {
    console.warn('SKIPPED: tests on PostgreSQL 15, /usr/lib/postgresql/15/bin is not installed')
  }
  project.provide(
    'clusters',
    clusters.map(({ version, port }) => ({ version, port })),
  )
  return async () => {
    await Promise.all(clusters.map((cluster) => cluster.destroy()))
  }
}
