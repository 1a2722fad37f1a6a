/**
 * Streams of events as clients read them: what they begin with, what they resume with, and that nobody
 * costs more than his share.
 */
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createEventStreams, mostClients } from '../../../src/admin/event-stream.ts'
import { createEventFeed } from '../../../src/observe/event-feed.ts'
import type { ServerFigures } from '../../../src/observe/server-figures.ts'
import { bindServer } from '../../../src/sockets/bind-server.ts'
import { fetchListener } from '../../../src/sockets/fetch-listener.ts'

const figures: ServerFigures = {
  at: '2026-01-01T00:00:00.000Z',
  requests: { count: 3, refused: 1, failed: 0, seconds: 0.5, buckets: [[0.1, 3]] },
  triggers: { notify: 2 },
  pool: { max: 10, available: 9, used: 1, waiting: 0 },
  sources: [],
}

function setUp() {
  const feed = createEventFeed()
  const timers = new Map<number, () => void>()
  const later: (() => void)[] = []
  let asked = 0
  let nowMs = 0
  const streams = createEventStreams({
    feed,
    incarnation: 'abc',
    figures: async () => {
      asked += 1
      return figures
    },
    repeat(work, intervalMs) {
      timers.set(intervalMs, work)
      return () => timers.delete(intervalMs)
    },
    later: (work) => later.push(work),
    now: () => nowMs,
  })
  const hungUp: string[] = []
  return {
    feed,
    streams,
    timers,
    later,
    hungUp,
    asked: () => asked,
    pass: (ms: number) => {
      nowMs += ms
    },
    /** The moment of a comment that keeps connections open, every 15 s. */
    beat: () => timers.get(15_000)?.(),
    /** A source that changed: event after event, each of them different. */
    tell: (cause: string) =>
      feed.observe({
        kind: 'source-changed',
        status: { name: 'notify', state: 'down', since: '', provenAt: null, cause },
      }),
    open(lastEventId?: string, name = 'client') {
      const response = streams.open(lastEventId, () => hungUp.push(name))
      if (response?.body == null) throw new Error('there are too many clients')
      const reader = response.body.getReader()
      const decoder = new TextDecoder()
      return {
        response,
        cancel: () => reader.cancel(),
        /** The next piece, as lines; null: the end. */
        async read(): Promise<readonly string[] | null> {
          const { done, value } = await reader.read()
          return done
            ? null
            : decoder
                .decode(value)
                .split('\n')
                .filter((line) => line !== '')
        },
      }
    },
  }
}

const hello = (last: number) => [
  `id: abc-${last}`,
  'event: hello',
  `data: {"incarnation":"abc","last":${last}}`,
]

describe('a client', () => {
  test('that begins is told where it stands, and then what happens', async () => {
    const { open, tell } = setUp()
    tell('before')
    const client = open()
    expect(client.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(client.response.headers.get('cache-control')).toBe('no-store')
    expect(await client.read()).toEqual(['retry: 1000', ...hello(1)])
    tell('cut')
    expect(await client.read()).toEqual([
      'id: abc-2',
      'event: source',
      expect.stringContaining('"cause":"cut"'),
    ])
  })

  test('that was cut off gets what it missed, and only that', async () => {
    const { open, tell } = setUp()
    for (const cause of ['one', 'two', 'three']) tell(cause)
    const lines = await open('abc-1').read()
    expect(lines?.filter((line) => line.startsWith('id: '))).toEqual([
      'id: abc-2',
      'id: abc-3',
      'id: abc-3',
    ])
    expect(lines?.slice(-3)).toEqual(hello(3))
    expect(lines?.join()).not.toContain('missed')
  })

  test.each([
    ['of another process', 'xyz-1', 'server-restarted'],
    ['that is none', 'no id\u00ff', 'server-restarted'],
    ['of the future', 'abc-900', 'too-long-ago'],
  ])('that had an event %s is told that it missed some', async (_, lastEventId, reason) => {
    const { open, tell } = setUp()
    tell('one')
    const lines = await open(lastEventId).read()
    expect(lines).toContain('event: missed')
    expect(lines).toContain(`data: {"reason":"${reason}"}`)
    expect(lines?.slice(-3)).toEqual(hello(1))
  })

  test('that was away for longer than events are kept is told so', async () => {
    const { open, tell } = setUp()
    for (let number = 1; number <= 1000; number += 1) tell(`${number}`)
    const lines = await open('abc-1').read()
    expect(lines).toContain('data: {"reason":"too-long-ago"}')
    expect(lines).toContain('id: abc-1000')
    expect(lines?.length).toBeLessThan(1500)
  })

  test('gets figures each second and comments between', async () => {
    const { open, timers } = setUp()
    const client = open()
    await client.read()
    timers.get(1000)?.()
    expect(await client.read()).toEqual(['event: figures', `data: ${JSON.stringify(figures)}`])
    timers.get(15_000)?.()
    expect(await client.read()).toEqual([': '])
  })
})

describe('the server', () => {
  test('counts nothing while nobody listens', async () => {
    const { open, timers, asked } = setUp()
    expect(timers.size).toBe(0)
    const clients = [open(), open()]
    expect(timers.size).toBe(2)
    await Promise.all(clients.map((client) => client.cancel()))
    expect(timers.size).toBe(0)
    expect(asked()).toBe(0)
  })

  test('takes so many clients and no more, and one more for each that leaves', async () => {
    const { open, streams } = setUp()
    const clients = Array.from({ length: mostClients }, () => open())
    expect(streams.open(undefined, () => undefined)).toBeNull()
    await clients[0]?.cancel()
    expect(open().response.status).toBe(200)
  })

  test('hangs up on a client that does not read, and on no other', async () => {
    const { open, tell, hungUp, streams } = setUp()
    open(undefined, 'sleeper')
    const awake = open(undefined, 'reader')
    await awake.read()
    const long = 'x'.repeat(20_000)
    for (let times = 0; times < 50; times += 1) {
      tell(long)
      await awake.read()
    }
    expect(hungUp).toEqual(['sleeper'])
    streams.close()
    expect(await awake.read()).toBeNull()
  })

  test('hangs up on a client that takes nothing for half a minute, and on no other', async () => {
    const { open, beat, hungUp, streams } = setUp()
    for (let count = 2; count < mostClients; count += 1) open(undefined, 'dead')
    const awake = open(undefined, 'reader')
    const late = open(undefined, 'slow')
    for (let beats = 1; beats <= 2; beats += 1) {
      beat()
      await awake.read()
    }
    expect(hungUp).toEqual([])
    expect(streams.open(undefined, () => undefined)).toBeNull()
    // one thing of many that wait is enough
    await late.read()
    beat()
    expect(hungUp).toEqual(Array.from({ length: mostClients - 2 }, () => 'dead'))
    expect(streams.open(undefined, () => undefined)).not.toBeNull()
  })

  test('gives the longest held of all places to who comes, but none that was had for less than a minute', async () => {
    const { open, streams, pass, later, hungUp, tell } = setUp()
    const first = open(undefined, 'first')
    await first.read()
    pass(1000)
    const others = Array.from({ length: mostClients - 1 }, () => open())
    pass(58_999)
    expect(streams.open(undefined, () => undefined)).toBeNull()
    pass(1)
    const one = open()
    await one.read()
    // who reads gets its stream to the end
    expect(await first.read()).toBeNull()
    for (const work of later) work()
    expect(hungUp).toEqual(['first'])
    expect(streams.open(undefined, () => undefined)).toBeNull()
    await others[0]?.read()
    tell('next')
    expect(await one.read()).toEqual(await others[0]?.read())
  })

  test('does not mistake for a sleeper who has much to make up for', async () => {
    const { open, tell, hungUp } = setUp()
    for (let times = 0; times < 30; times += 1) tell('x'.repeat(20_000))
    const client = open('abc-1')
    tell('next')
    await client.read()
    tell('and next')
    expect(hungUp).toEqual([])
  })

  test('ends all streams at its own end, be they read or not', async () => {
    const { open, streams, later, hungUp, timers } = setUp()
    const client = open()
    await client.read()
    streams.close()
    expect(await client.read()).toBeNull()
    expect(streams.open(undefined, () => undefined)).toBeNull()
    expect(timers.size).toBe(0)
    for (const work of later) work()
    expect(hungUp).toEqual(['client'])
  })
})

test('a client that stops reading its socket loses it', async () => {
  const { streams, tell } = setUp()
  let isHungUp = false
  const server = await bindServer(
    fetchListener((_, { hangUp }) => {
      const drop = () => {
        isHungUp = true
        hangUp()
      }
      return streams.open(undefined, drop) ?? new Response(null, { status: 503 })
    }),
    {
      host: '127.0.0.1',
      port: 0,
      unixSocket: null,
      unixSocketMode: 0,
      reusePort: false,
      optionPrefix: 'admin-',
    },
  )
  onTestFinished(() => server.close(0))
  const socket = connect(Number(server.address.split(':')[1]), '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await new Promise((resolve) => socket.once('data', resolve))
  socket.pause()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const long = 'x'.repeat(100_000)
  // more than any system keeps for one connection
  for (let times = 0; times < 1000 && !isHungUp; times += 1) {
    tell(long)
    await setImmediate()
  }
  expect(isHungUp).toBe(true)
  socket.resume()
  socket.on('error', () => undefined)
  await closed
})
