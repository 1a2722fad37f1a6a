/**
 * Requests to a running server, each on a connection of its own unless an agent is given, and the
 * waiting for an answer that is not there yet.
 */
import { type Agent, type IncomingHttpHeaders, request } from 'node:http'
import { vi } from 'vitest'
import { traceAnswer } from './trace.ts'

export interface HttpReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The text as JSON; undefined when it is none. */
  readonly body: unknown
}

/** Answers repeat the query of a request of the greatest length. */
const maxHeaderSize = 256 * 1024

export interface AskOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** In place of host and port. */
  readonly socketPath?: string
  /** Keeps connections; without, each request has its own and closes it. */
  readonly agent?: Agent
  readonly signal?: AbortSignal
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Rejects when there is no answer: connection refused, cut. Resolves a turn of the event loop after
 * the answer, so that what the server printed before it sent the answer has been read as well.
 */
export function ask(url: string, options: AskOptions = {}): Promise<HttpReply> {
  const { body, agent, ...rest } = options
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: agent ?? false, maxHeaderSize, ...rest }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString()
        const { statusCode = 0, headers } = response
        traceAnswer(`${statusCode} ${JSON.stringify(headers)}`, text)
        setImmediate(resolve, { status: statusCode, headers, text, body: parse(text) })
      })
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

export interface Patience {
  /** Milliseconds. Long: it is there to end a test that fails. */
  readonly timeout?: number
  readonly interval?: number
}

/** Asks again and again until `check` no longer throws, and returns that answer. */
export function eventually<T>(
  work: () => Promise<T> | T,
  check: (value: T) => void = () => undefined,
  { timeout = 60_000, interval = 20 }: Patience = {},
): Promise<T> {
  return vi.waitFor(
    async () => {
      const value = await work()
      check(value)
      return value
    },
    { timeout, interval },
  )
}

/** Asks until the answer has this status. */
export function askUntil(
  status: number,
  url: string,
  options: AskOptions = {},
): Promise<HttpReply> {
  return eventually(
    () => ask(url, options),
    (reply) => {
      if (reply.status !== status) throw new Error(`${url}: ${reply.status} ${reply.text}`)
    },
  )
}

/**
 * Resolves when a server is ready and has done all that its start asked for, the check included that
 * follows the listener's connection: what changes the schema from here on is told by its own trigger.
 */
export async function askUntilSettled(adminUrl: string): Promise<void> {
  await askUntil(200, `${adminUrl}/ready`)
  // reloads are answered in the order in which they were asked for
  await askUntil(200, `${adminUrl}/reload`, { method: 'POST' })
}
