/**
 * A page that reads with supabase-js, and the API where supabase-js looks for it, below /rest/v1:
 * `node examples/page/server.js films.db`. Needs the packages dbrest, hono, @hono/node-server, jose and
 * @supabase/supabase-js.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { openDbrest } from 'dbrest'
import { Hono } from 'hono'
import { SignJWT } from 'jose'

const jwtSecret = randomBytes(32).toString('base64url')
// supabase-js sends a key with each request, which has to be a token of ours
const key = await new SignJWT({ role: 'anon' })
  .setProtectedHeader({ alg: 'HS256' })
  .sign(Buffer.from(jwtSecret))
const dbrest = await openDbrest({
  dbUri: process.argv[2] ?? 'films.db',
  jwtSecret,
  log: console.error,
})

const page = readFileSync(join(import.meta.dirname, 'index.html'), 'utf8').replace('{{key}}', key)
const { resolve } = createRequire(import.meta.url)
const script = readFileSync(resolve('@supabase/supabase-js/dist/umd/supabase.js'))

const app = new Hono()
app.get('/', (c) => c.html(page))
app.get('/supabase.js', (c) => c.body(script, 200, { 'Content-Type': 'text/javascript' }))
app.mount('/rest/v1', (request) => dbrest.fetch(request))

const server = serve(
  { fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) },
  ({ address, port }) => console.log(`http://${address}:${port}/`),
)

process.once('SIGTERM', () => {
  server.close()
  server.closeIdleConnections()
  dbrest.close()
})
