/**
 * A client of `GET /events` that keeps what it reads: events by name, waited for one after another.
 */
import { get, type IncomingMessage } from 'node:http'
import { onTestFinished } from 'vitest'
import { traceAnswer } from './trace.ts'

export interface ReadEvent {
  readonly id: string | null
  readonly name: string
  readonly data: unknown
}

export interface EventReader {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly events: readonly ReadEvent[]
  /** The first event, read or yet to come, that is wanted. Rejects when the stream ends before. */
  next(isWanted: (event: ReadEvent) => boolean): Promise<ReadEvent>
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>
  close(): void
}

function parseEvent(block: string): ReadEvent | null {
  const fields = new Map(
    block.split('\n').map((line) => {
      const [name = '', ...rest] = line.split(': ')
      return [name, rest.join(': ')] as const
    }),
  )
  const name = fields.get('event')
  if (name === undefined) return null
  return { id: fields.get('id') ?? null, name, data: JSON.parse(fields.get('data') ?? 'null') }
}

export async function readEvents(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventReader> {
  const sent = get(url, { headers, agent: false })
  onTestFinished(() => {
    sent.destroy()
  })
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve)
    sent.once('error', reject)
  })
  const events: ReadEvent[] = []
  const waiters = new Set<() => void>()
  let hasEnded = false
  let rest = ''
  const wake = () => {
    for (const waiter of [...waiters]) waiter()
  }
  response.on('data', (chunk: Buffer) => {
    rest += chunk.toString()
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      traceAnswer('event', block)
      const event = parseEvent(block)
      if (event !== null) events.push(event)
    }
    wake()
  })
  response.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => {
    response.once('close', () => {
      hasEnded = true
      wake()
      resolve()
    })
  })
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    next: (isWanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = events.find(isWanted)
          if (found === undefined && !hasEnded) return
          waiters.delete(look)
          if (found !== undefined) resolve(found)
          else reject(new Error(`the stream ended before it: ${JSON.stringify(events)}`))
        }
        waiters.add(look)
        look()
      }),
    ended,
    close: () => sent.destroy(),
  }
}
