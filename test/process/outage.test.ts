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

    /** Whether the listener was back before its pause was over; null where the database was not. */
    async function isPauseCutShort(): Promise<boolean | null> {
      const from = server.stderr.length
      await cluster.kill()
      // behind pauses of 1, 2 and 4 seconds the next one has just begun
      await server.line(/Retrying listening for database notifications in 8 seconds/, { from })
      // not to take its end for its cut, as the line may be read late
      const pauseEndsAt = performance.now() + 8000 - 1000
      await cluster.start()
      await askUntil(200, `${server[base]}${path}`)
      const wasInTime = performance.now() < pauseEndsAt
      await server.line(/Listener connected to/, { from })
      const isCutShort = performance.now() < pauseEndsAt
      await askUntil(200, `${server.adminUrl}/ready`)
      return isCutShort || wasInTime ? isCutShort : null
    }

    // on a busy machine the database itself may take longer to start than the pause lasts
    let isCutShort: boolean | null = null
    for (let tries = 0; isCutShort !== true && tries < 5; tries += 1) {
      isCutShort = await isPauseCutShort()
    }
    expect(isCutShort).toBe(true)
  },
  180_000,
)
