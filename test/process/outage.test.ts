/**
 * A database that is away for some seconds: whatever notices first that it is back, everything that
 * waits to try again does so then, and does not sit out the pause that its last failure earned it.
 */
import { expect, onTestFinished, test } from 'vitest'
import { createApiDatabaseIn } from '../support/api-database.ts'
import { askUntil } from '../support/http-client.ts'
import { startCluster } from '../support/postgres.ts'
import { serve } from '../support/test-server.ts'

test.each([
  ['a request', 'url', '/films'],
  ['a probe', 'adminUrl', '/health'],
] as const)(
  'that is found back by %s is listened to at once',
  async (_, base, path) => {
    const cluster = await startCluster()
    onTestFinished(() => cluster.destroy())
    const { env } = await createApiDatabaseIn(cluster, 'create table films (id int)')
    const server = await serve({ env })
    await askUntil(200, `${server.adminUrl}/ready`)
    const from = server.stderr.length

    await cluster.kill()
    // behind pauses of 1, 2 and 4 seconds the next one has just begun
    await server.line(/Retrying listening for database notifications in 8 seconds/, { from })
    const pauseBegan = performance.now()
    await cluster.start()
    await askUntil(200, `${server[base]}${path}`)
    await server.line(/Listener connected to/, { from })
    // that the pause was not sat out is what is judged
    expect(performance.now() - pauseBegan).toBeLessThan(8000)
    await askUntil(200, `${server.adminUrl}/ready`)
  },
  60_000,
)
