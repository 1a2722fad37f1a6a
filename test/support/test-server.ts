/**
 * Servers of one test or one file: ended with it whatever it found, and made to say when they did
 * not end as they are to.
 */
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { type RunningServer, type ServerOptions, startServer } from './server.ts'

const endLimitMs = 60_000

/** SIGTERM, and an error when that does not end it with 0. */
export async function endServer(server: RunningServer): Promise<void> {
  const { child } = server
  if (child.exitCode !== null || child.signalCode !== null) return
  let isKilled = false
  const timer = setTimeout(() => {
    isKilled = true
    child.kill('SIGKILL')
  }, endLimitMs)
  const end = await server.stop()
  clearTimeout(timer)
  const log = () => server.stderr.slice(-20).join('\n')
  if (isKilled) throw new Error(`the server did not end within ${endLimitMs} ms:\n${log()}`)
  if (end !== 0) throw new Error(`the server ended with ${end}:\n${log()}`)
}

/** A server of the running test. `until` as of `startServer`. */
export async function serve(options: ServerOptions = {}): Promise<RunningServer> {
  const server = await startServer({ ...options, until: null })
  onTestFinished(() => endServer(server))
  const { until = /API server listening on/ } = options
  if (until !== null) await server.line(until)
  return server
}

/** A server of all tests of a `describe` or a file. Its options are asked for when it starts. */
export function serveForAll(
  options: () => ServerOptions | Promise<ServerOptions>,
): () => RunningServer {
  let server: RunningServer | undefined
  beforeAll(async () => {
    server = await startServer(await options())
  })
  afterAll(async () => {
    if (server !== undefined) await endServer(server)
  })
  return () => {
    if (server === undefined) throw new Error('the server runs within tests only')
    return server
  }
}
