/**
 * The floor of writing to SQLite: a bare node:http server that inserts the row of each request's body
 * in its own thread, one transaction each, as durable as dbrest does.
 */
import { createServer } from 'node:http'
import Database from 'better-sqlite3'

export interface SqliteWriteFloorInput {
  readonly path: string
  readonly port: number
  readonly sql: string
  /** Keys of the body, in the order of the statement's placeholders. */
  readonly keys: readonly string[]
}

const { path, port, sql, keys } = JSON.parse(process.argv[2] ?? '{}') as SqliteWriteFloorInput
const db = new Database(path)
db.pragma('synchronous = EXTRA')
db.pragma('foreign_keys = ON')
const statement = db.prepare(sql)

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const row = JSON.parse(Buffer.concat(chunks).toString()) as Readonly<Record<string, unknown>>
    statement.run(...keys.map((key) => row[key]))
    response.writeHead(201, { 'Content-Length': 0 })
    response.end()
  })
})
server.listen(port, '127.0.0.1', () => process.stdout.write('ready\n'))
