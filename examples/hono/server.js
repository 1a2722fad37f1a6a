/**
 * The API inside of a Hono app, its admin app beside it: `node examples/hono/server.js films.db`.
 * Needs the packages dbrest, hono and @hono/node-server.
 */
import { serve } from '@hono/node-server'
import { openDbrest } from 'dbrest'
import { Hono } from 'hono'

const dbrest = await openDbrest({ dbUri: process.argv[2] ?? 'films.db', log: console.error })

const app = new Hono()
app.get('/', (c) => c.text('The API is below /api'))
app.mount('/api', (request, { incoming }) =>
  // rate limits and access log know clients by their address
  dbrest.fetch(request, { peer: incoming.socket.remoteAddress }),
)
// everything in it is for who runs the server: put your own check in front
app.mount('/admin', (request) => dbrest.admin.fetch(request))

const server = serve(
  { fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) },
  ({ address, port }) => console.log(`http://${address}:${port}/api/films`),
)

process.once('SIGTERM', () => {
  server.close()
  server.closeIdleConnections()
  dbrest.close()
})
