import { expect, test } from 'vitest'
import { createRecording } from './record-source.ts'

test('tells each change of state once, with its time and cause', async () => {
  const { clock, health, told } = createRecording()
  health.report('notify', 'down')
  expect(health.list()).toEqual([
    {
      name: 'notify',
      state: 'down',
      since: '1970-01-01T00:00:00.000Z',
      cause: 'not connected yet',
    },
  ])
  await clock.advance(10)
  health.report('notify', 'up')
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
      cause: 'no route to host',
    },
  ])
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
