/**
 * The floor of MongoDB: a bare node:http server with the official driver, which runs the same pipeline,
 * or the same insert, and sends what the driver made of it as JSON. It parses no URL and checks no
 * schema.
 */
import { createServer, type IncomingMessage } from 'node:http'
import { BSON, type Document, MongoClient } from 'mongodb'

export interface MongodbFloorInput {
  readonly uri: string
  readonly port: number
  readonly collection: string
  /** As Extended JSON; null: bodies are inserted. */
  readonly pipeline: string | null
}

const given = JSON.parse(process.argv[2] ?? '{}') as MongodbFloorInput
const client = await MongoClient.connect(given.uri, { maxPoolSize: 10 })
const collection = client.db().collection(given.collection)
const pipeline = given.pipeline === null ? null : readPipeline(given.pipeline)

function readPipeline(text: string): Document[] {
  const parsed: unknown = BSON.EJSON.parse(text, { relaxed: false })
  if (!Array.isArray(parsed)) throw new Error('a pipeline is a list')
  return parsed
}

async function bodyOf(request: IncomingMessage): Promise<Document> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return JSON.parse(Buffer.concat(chunks).toString())
}

async function answer(request: IncomingMessage): Promise<readonly [number, string]> {
  if (pipeline === null) {
    await collection.insertOne(await bodyOf(request))
    return [201, '']
  }
  const rows = await collection.aggregate(pipeline, { batchSize: 10_000 }).toArray()
  return [200, JSON.stringify(rows)]
}

const server = createServer((request, response) => {
  answer(request).then(
    ([status, body]) => {
      response.writeHead(status, {
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': Buffer.byteLength(body),
      })
      response.end(body)
    },
    () => response.writeHead(500).end(),
  )
})
server.listen(given.port, '127.0.0.1', () => process.stdout.write('ready\n'))
