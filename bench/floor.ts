/**
 * The floor: a bare node:http server that runs the same statements through `pg` in its pipeline
 * mode and sends the body on. It parses no URL, checks no token, plans nothing.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import pg from 'pg'

export interface FloorStatement {
  readonly text: string
  /** `{lane}` in them is a number from 1 to `lanes`, another one for each request. */
  readonly values: readonly string[]
}

export interface FloorInput {
  readonly uri: string
  readonly port: number
  readonly pool: number
  readonly statements: readonly FloorStatement[]
  readonly lanes: number
  /** A body that is sent without asking the database; null: what the statements give. */
  readonly fixed: string | null
  /** Which statement's first row has the body, and in which column. */
  readonly main: number
}

const input = JSON.parse(process.argv[2] ?? '{}') as FloorInput
/** The body is passed on as it comes. */
const asText = { getTypeParser: () => (value: string) => value }
const clients: pg.Client[] = []
for (let i = 0; i < input.pool; i += 1) {
  const client = new pg.Client({
    connectionString: input.uri,
    pipeline: true,
    types: asText,
  } as pg.ClientConfig)
  await client.connect()
  clients.push(client)
}
const idle = [...clients]
const waiting: ((client: pg.Client) => void)[] = []

function take(): Promise<pg.Client> {
  const client = idle.pop()
  return client === undefined
    ? new Promise((resolve) => waiting.push(resolve))
    : Promise.resolve(client)
}

function give(client: pg.Client): void {
  const next = waiting.shift()
  if (next === undefined) idle.push(client)
  else next(client)
}

const variants = Array.from({ length: input.lanes }, (_, lane) =>
  input.statements.map(({ text, values }, i) => ({
    name: `floor_${i}`,
    text,
    values: values.map((value) => value.replaceAll('{lane}', String(lane + 1))),
  })),
)
let served = 0

/** What was sent is read to its end, and not used. */
function skipBody(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    request.once('end', resolve)
    request.resume()
  })
}

function sendBody(response: ServerResponse, body: string): void {
  response.writeHead(200, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(body)
}

const server = createServer((request, response) => {
  void (async () => {
    if (request.method !== 'GET') await skipBody(request)
    if (input.fixed !== null) {
      sendBody(response, input.fixed)
      return
    }
    const client = await take()
    const queries = variants[served % variants.length] ?? []
    served += 1
    try {
      const results = await Promise.all(queries.map((query) => client.query(query)))
      const row: { readonly body: string } | undefined = results[input.main]?.rows[0]
      const body = row?.body ?? ''
      sendBody(response, body)
    } finally {
      give(client)
    }
  })()
})
server.listen(input.port, '127.0.0.1', () => process.stdout.write('ready\n'))
