import { describe, expect, test } from 'vitest'
import type { Generation } from '../../../src/cache/generation-store.ts'
import type { CheckOutcome, StaleOrigin } from '../../../src/cache/stale-check.ts'
import type { ApiError } from '../../../src/errors/api-error.ts'
import type { Journey } from '../../../src/http/journey.ts'
import {
  type Attempt,
  maxAttempts,
  type Settled,
  schemaMoved,
  tryWhileStale,
} from '../../../src/http/try-while-stale.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const config = loadTestConfig({})
const older = { config, snapshot: describeSnapshot({}) }
const newer = { config, snapshot: describeSnapshot({}) }

const journey: Journey = {
  raw: { method: 'GET', path: '/films', query: '', headers: [], body: new Uint8Array(0) },
  identity: { role: 'anon', claims: '{}', isAuthenticated: false },
  generation: older,
  signal: new AbortController().signal,
  timer: null,
}
const answered: Settled = { kind: 'answered', answer: { status: 200, headers: [], body: '[]' } }
const error: ApiError = { kind: 'invalid-path' }
const failed: Settled = { kind: 'failed', error }
const stale = (origin: StaleOrigin): Attempt => ({ kind: 'stale', origin, error })

interface World {
  /** What is published now. */
  published: Generation
  /** What each check finds; it may publish before it says so. */
  check(origin: StaleOrigin): CheckOutcome
}

/** Runs the loop; tells its end, the generations of its attempts and the checks that it made. */
async function play(world: World, attempt: (journey: Journey, attempts: number) => Attempt) {
  const attempted: Journey[] = []
  const checks: StaleOrigin[] = []
  const outcome = await tryWhileStale(
    {
      currentGeneration: () => world.published,
      checkSchema: async (origin) => {
        checks.push(origin)
        return world.check(origin)
      },
    },
    journey,
    async (tried) => {
      attempted.push(tried)
      return attempt(tried, attempted.length)
    },
  )
  return { outcome, attempted, checks, generations: attempted.map((each) => each.generation) }
}

/** No check is expected to be made. */
const noCheck = (): CheckOutcome => {
  throw new Error('the schema was checked')
}

describe('an attempt', () => {
  test.each([
    ['answers', answered],
    ['fails', failed],
  ])('that %s is the last one, and asks for no check', async (_, settled) => {
    const { outcome, attempted } = await play({ published: newer, check: noCheck }, () => settled)
    expect(outcome).toBe(settled)
    expect(attempted).toEqual([journey])
  })

  test.each<[StaleOrigin, CheckOutcome]>([
    ['stale-name', 'unchanged'],
    ['stale-name', 'unanswered'],
    ['stale-hit', 'unchanged'],
    ['stale-hit', 'unanswered'],
  ])('that is a %s fails when its check says %s', async (origin, found) => {
    const world: World = { published: older, check: () => found }
    const { outcome, attempted, checks } = await play(world, () => stale(origin))
    expect(outcome).toEqual(failed)
    expect(attempted).toHaveLength(1)
    expect(checks).toEqual([origin])
  })

  test.each<StaleOrigin>(['stale-name', 'stale-hit'])(
    'that is a %s is made again on the schema that its check found',
    async (origin) => {
      const world: World = {
        published: older,
        check() {
          world.published = newer
          return 'moved'
        },
      }
      const { outcome, attempted, checks } = await play(world, (_, attempts) =>
        attempts === 1 ? stale(origin) : answered,
      )
      expect(outcome).toBe(answered)
      expect(attempted).toEqual([journey, { ...journey, generation: newer }])
      expect(checks).toEqual([origin])
    },
  )

  test('that is stale is made again at once on a schema that was published meanwhile', async () => {
    const world: World = { published: older, check: noCheck }
    const { outcome, generations } = await play(world, (_, attempts) => {
      world.published = newer
      return attempts === 1 ? stale('stale-name') : answered
    })
    expect(outcome).toBe(answered)
    expect(generations).toEqual([older, newer])
  })

  test('is not made again for a configuration alone', async () => {
    const world: World = {
      published: { config: loadTestConfig({}), snapshot: older.snapshot },
      check: () => 'unchanged',
    }
    const { outcome, checks } = await play(world, () => stale('stale-name'))
    expect(outcome).toEqual(failed)
    expect(checks).toEqual(['stale-name'])
  })
})

test('a schema that moves at every attempt is given up with a 503', async () => {
  const world: World = {
    published: older,
    check() {
      world.published = { config, snapshot: describeSnapshot({}) }
      return 'moved'
    },
  }
  const { outcome, generations, checks } = await play(world, () => schemaMoved)
  expect(outcome).toEqual({ kind: 'failed', error: { kind: 'cache-not-loaded' } })
  expect(new Set(generations).size).toBe(maxAttempts)
  // after the last attempt a check could change nothing
  expect(checks).toHaveLength(maxAttempts - 1)
})
