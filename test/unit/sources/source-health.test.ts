import { expect, test } from 'vitest'
import { isFeedUp } from '../../../src/sources/source-health.ts'
import { createFakeFeed } from './fake-feed.ts'
import { createRecording } from './record-source.ts'

test('tells each change of state once, with its time and cause', async () => {
  const { clock, health, told } = createRecording()
  health.report('notify', 'down')
  expect(health.list()).toEqual([
    {
      name: 'notify',
      state: 'down',
      since: '1970-01-01T00:00:00.000Z',
      provenAt: null,
      cause: 'not connected yet',
    },
  ])
  await clock.advance(10)
  health.report('notify', 'up')
  health.proved('notify')
  health.report('notify', 'up')
  await clock.advance(10)
  health.report('notify', 'down', 'connection refused')
  await clock.advance(10)
  health.report('notify', 'down', 'no route to host')
  expect(told()).toEqual(['10 up notify', '20 down notify: connection refused'])
  expect(health.list()).toEqual([
    {
      name: 'notify',
      state: 'down',
      since: '1970-01-01T00:00:00.020Z',
      provenAt: '1970-01-01T00:00:00.010Z',
      cause: 'no route to host',
    },
  ])
})

test('tells who shows it of each change of state and of its cause, not of proofs', () => {
  const { health, observations } = createRecording()
  health.report('notify', 'down')
  health.report('notify', 'unproven', 'nothing came back')
  health.report('notify', 'up')
  health.proved('notify')
  health.report('notify', 'up')
  const shown = observations.flatMap((each) =>
    each.kind === 'source-changed' ? [[each.status.state, each.status.cause]] : [],
  )
  expect(shown).toEqual([
    ['down', 'not connected yet'],
    ['unproven', 'nothing came back'],
    ['up', null],
  ])
})

test('tells once why there is no such source', () => {
  const { health, told } = createRecording()
  health.report('change-stream', 'off', 'no streams here')
  health.report('change-stream', 'off', 'no streams here')
  expect(told()).toEqual(['0 absent change-stream: no streams here'])
  expect(health.list()).toMatchObject([{ state: 'off', cause: 'no streams here' }])
})

test('lists sources in the order in which they first reported', () => {
  const { health } = createRecording()
  health.report('b', 'up')
  health.report('a', 'off')
  health.report('b', 'off')
  expect(health.list().map(({ name, state }) => [name, state])).toEqual([
    ['b', 'off'],
    ['a', 'off'],
  ])
})

test('streams the state of one source, off until it reports, without repeats', () => {
  const { health } = createRecording()
  const states: string[] = []
  health.state$('notify').subscribe((state) => states.push(state))
  health.report('poll', 'up')
  health.report('notify', 'down')
  health.report('notify', 'down', 'again')
  health.report('notify', 'up')
  expect(states).toEqual(['off', 'down', 'up'])
})

test('counts a source that is connected as down until it shows that it works', async () => {
  const { health, told } = createRecording()
  const status = () => health.list()[0]
  health.connected('notify')
  expect(status()).toBeUndefined()
  health.report('notify', 'down')
  let isSettled = false
  const settled = health.settled('notify').then(() => {
    isSettled = true
  })
  await Promise.resolve()
  expect(isSettled).toBe(false)
  health.connected('notify')
  await settled
  expect(status()).toMatchObject({ state: 'down', cause: 'not proven yet' })
  health.report('notify', 'down', 'gone')
  health.connected('notify')
  expect(status()).toMatchObject({ state: 'down', cause: 'gone' })
  health.report('notify', 'unproven', 'nothing came back')
  health.report('notify', 'up')
  expect(status()).toMatchObject({ state: 'up', cause: null })
  expect(told()).toEqual(['0 down notify: gone', '0 up notify'])
})

test.each([
  ['up', true],
  ['down', false],
  ['unproven', null],
  ['off', null],
] as const)('a feed that is %s says of its database: %s', (state, vouches) => {
  const { clock, health } = createRecording()
  const { feed } = createFakeFeed(clock)
  expect(isFeedUp(feed, health)).toBeNull()
  health.report('notify', state)
  expect(isFeedUp(feed, health)).toBe(vouches)
  expect(isFeedUp({ kind: 'poll' }, health)).toBeNull()
})
