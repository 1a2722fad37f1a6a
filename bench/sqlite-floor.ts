/**
 * The floor of SQLite: a bare node:http server that runs the same statement in its own thread and
 * sends the body on. It parses no URL, checks no schema, and one slow statement stops it.
 */
import { createServer } from 'node:http'
import Database from 'better-sqlite3'

export interface SqliteFloorInput {
  readonly path: string
  readonly port: number
  readonly sql: string
  /** Integers are `{ int: digits }`. */
  readonly params: readonly (string | number | null | { readonly int: string })[]
}

const { path, port, sql, params } = JSON.parse(process.argv[2] ?? '{}') as SqliteFloorInput
const db = new Database(path, { readonly: true })
const statement = db.prepare<unknown[], [Uint8Array]>(sql)
statement.raw()
const values = params.map((value) =>
  value !== null && typeof value === 'object' ? BigInt(value.int) : value,
)

const server = createServer((_, response) => {
  const [body] = statement.get(...values) ?? [new Uint8Array()]
  response.writeHead(200, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': body.length,
  })
  response.end(body)
})
server.listen(port, '127.0.0.1', () => process.stdout.write('ready\n'))
