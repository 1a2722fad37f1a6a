import { expect, test } from 'vitest'
import type { ControlConnection } from '../../../../../src/backends/postgres/connect/control-connection.ts'
import type {
  ListenChannels,
  ListenHandlers,
} from '../../../../../src/backends/postgres/connect/listening-connection.ts'
import {
  createNotifyFeed,
  scopeOfPayload,
} from '../../../../../src/backends/postgres/connect/notify-feed.ts'
import type { PeerWord } from '../../../../../src/cache/schema-feed.ts'
import { defaultConfig } from '../../../../../src/config/default-config.ts'

const config = defaultConfig('postgres')

test.each([
  ['', true, 'both'],
  ['reload schema', true, 'both'],
  ['', false, 'schema'],
  ['reload schema', false, 'schema'],
  ['reload config', true, 'config'],
  ['reload config', false, 'config'],
  ['reload', true, null],
  ['Reload schema', true, null],
  ['"reload schema"', true, null],
  ['{}', true, null],
])('payload %j with db-config %s asks for %s', (payload, dbConfig, scope) => {
  expect(scopeOfPayload(payload, dbConfig)).toBe(scope)
})

/** Connections that hear what the test lets them hear; NOTIFYs are kept. */
function createFeed() {
  const connections: { channels: ListenChannels; handlers: ListenHandlers }[] = []
  const sent: (string | null)[] = []
  const state = { dbConfig: true, isMarked: false, sends: Promise.resolve() }
  const onPrimary: ControlConnection['run'] = (work) =>
    work(
      async (_text, params) => {
        if (params === undefined || params.length === 0) return [{ value: 'PostgreSQL 18.1' }]
        sent.push(params[1] ?? null)
        await state.sends
        return []
      },
      '/tmp:5432',
      async () => [],
    )
  const feed = createNotifyFeed({
    config: () => state,
    onPrimary,
    onReads: onPrimary,
    isMarked: () => state.isMarked,
    hasOwnWay: false,
    clientConfig: () => ({}),
    listen: (_config, channels, handlers) => {
      connections.push({ channels, handlers })
      return { ready: Promise.resolve(), close: () => undefined }
    },
  })
  async function open() {
    const scopes: string[] = []
    const places: (string | undefined)[] = []
    const unknown: string[] = []
    const words: (readonly [PeerWord, string])[] = []
    const connection = feed.open('pgrst', {
      onChange: (scope, place) => {
        scopes.push(scope)
        places.push(place)
      },
      onUnknown: (payload, place) => unknown.push(`${place}: ${payload}`),
      onSeen: () => undefined,
      onPeer: (...heard) => words.push(heard),
      onLost: () => undefined,
    })
    await connection.ready
    const opened = connections.at(-1)
    if (opened === undefined) throw new Error('nothing was opened')
    return { connection, scopes, places, unknown, words, ...opened }
  }
  return { feed, state, sent, open }
}

/** Whether it has settled once all that could settle has. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.finally(() => {
    settled = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

test('the channel is db-channel, and none when that is switched off', () => {
  const { feed } = createFeed()
  expect(feed.channel({ ...config, dbChannel: 'mine' })).toBe('mine')
  expect(feed.channel({ ...config, dbChannelEnabled: false })).toBeNull()
})

test('a notification is told by what it asks for under the configuration of its moment', async () => {
  const { state, open } = createFeed()
  const { scopes, unknown, handlers, channels } = await open()
  expect(channels.signal).toBe('pgrst')
  handlers.onSignal('reload schema')
  state.dbConfig = false
  for (const payload of ['reload schema', 'nonsense', 'reload config']) handlers.onSignal(payload)
  handlers.onFleet('more nonsense')
  expect(scopes).toEqual(['both', 'schema', 'config'])
  expect(unknown).toEqual(['pgrst: nonsense', 'dbrest_schema: more nonsense'])
})

test('a move of the schema mark is a change of the schema, told where it was heard', async () => {
  const { open } = createFeed()
  const { scopes, places, handlers } = await open()
  handlers.onFleet('')
  expect({ scopes, places }).toEqual({ scopes: ['schema'], places: ['dbrest_schema'] })
})

test('a proof is a notification of its own, on a private channel', async () => {
  const { sent, open } = createFeed()
  const first = await open()
  const second = await open()
  expect(first.channels.probe).toMatch(/^dbrest_[0-9a-f]{16}$/)
  const earlier = first.connection.prove()
  const proof = second.connection.prove()
  expect(sent).toHaveLength(2)
  // what was sent over an earlier connection arrives here as well
  second.handlers.onProbe(String(sent[0]))
  expect(await isSettled(proof)).toBe(false)
  second.handlers.onProbe(String(sent[1]))
  await proof
  expect(await isSettled(earlier)).toBe(false)
})

test('a proof that cannot be sent rejects, one that came back stands', async () => {
  const { state, sent, open } = createFeed()
  const { connection, handlers } = await open()
  state.sends = Promise.reject(new Error('cannot execute NOTIFY during recovery'))
  await expect(connection.prove()).rejects.toThrow('cannot execute NOTIFY during recovery')
  const proof = connection.prove()
  handlers.onProbe(String(sent[1]))
  await expect(proof).resolves.toBeUndefined()
})

test('words of other processes are told, our own and what nobody knows are not', async () => {
  const { feed, sent, open } = createFeed()
  const { scopes, unknown, words, handlers, channels } = await open()
  expect(channels.fleet).toBe('dbrest_schema')
  await feed.peers?.tell({ kind: 'moved' })
  await feed.peers?.tell({ kind: 'checked', view: 'v' })
  const [moved, checked] = sent.map(String)
  handlers.onFleet(moved ?? '')
  handlers.onFleet(checked ?? '')
  expect(words).toEqual([])
  for (const payload of [
    'moved other',
    'checked other v1',
    'reload other both',
    'reload other all',
    'checked other',
    'rejoice other',
    // what a trigger in the database says
    '',
  ]) {
    handlers.onFleet(payload)
  }
  expect(words).toEqual([
    [{ kind: 'moved' }, 'other'],
    [{ kind: 'checked', view: 'v1' }, 'other'],
    [{ kind: 'reload', scope: 'both' }, 'other'],
  ])
  expect(unknown).toEqual(
    ['reload other all', 'checked other', 'rejoice other'].map((word) => `dbrest_schema: ${word}`),
  )
  expect(scopes).toEqual(['schema'])
})

test('looks go on for what nobody announces, and are a backstop where the database marks changes', () => {
  const { feed, state } = createFeed()
  expect(feed.restMs()).toBeNull()
  state.isMarked = true
  expect(feed.restMs()).toBe(60_000)
})
