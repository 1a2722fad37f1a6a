import { describe, expect, test } from 'vitest'
import type { SchemaProof } from '../../../src/backends/backend.ts'
import type { Generation } from '../../../src/cache/generation-store.ts'
import type { CheckOutcome, StaleOrigin } from '../../../src/cache/stale-check.ts'
import type { ApiError } from '../../../src/errors/api-error.ts'
import type { Journey } from '../../../src/http/journey.ts'
import type { Settled } from '../../../src/http/prove-answer.ts'
import {
  type Attempt,
  maxAttempts,
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
      now: () => 0,
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

describe('in strict mode', () => {
  const strict = { config: { ...config, dbSchemaStrict: true }, snapshot: older.snapshot }
  const strictJourney: Journey = { ...journey, generation: strict }
  const proven: Settled = { ...answered, isProven: true }

  const untold = {
    kind: 'failed',
    error: {
      kind: 'cache-not-loaded',
      unproven: 'The database did not tell whether its schema has changed.',
    },
  }

  /** Runs the loop with the proofs, checks and moments given, the last of each again and again. */
  async function playStrictly(parts: {
    readonly attempt: (attempts: number) => Attempt
    readonly proofs?: readonly SchemaProof[]
    readonly checks?: readonly CheckOutcome[]
    readonly moments?: readonly number[]
    readonly signal?: AbortSignal
  }) {
    const { proofs = [], checks = [], moments = [0] } = parts
    const told: string[] = []
    let attempts = 0
    const next = <T>(list: readonly T[], at: number) => list[Math.min(at, list.length - 1)]
    let [proofAt, checkAt, momentAt] = [0, 0, 0]
    const outcome = await tryWhileStale(
      {
        currentGeneration: () => strict,
        now: () => next(moments, momentAt++) ?? 0,
        checkSchema: async (origin) => {
          told.push(`check ${origin}`)
          return next(checks, checkAt++) ?? 'unanswered'
        },
        proveSchema: async (snapshot) => {
          expect(snapshot).toBe(strict.snapshot)
          told.push('proof')
          return next(proofs, proofAt++) ?? 'unprovable'
        },
      },
      { ...strictJourney, ...(parts.signal === undefined ? {} : { signal: parts.signal }) },
      () => {
        told.push('attempt')
        attempts += 1
        return parts.attempt(attempts)
      },
    )
    return { outcome, told }
  }

  test('what its transaction has proven is answered', async () => {
    const { outcome, told } = await playStrictly({ attempt: () => proven })
    expect(outcome).toBe(proven)
    expect(told).toEqual(['attempt'])
  })

  test.each([
    ['an answer of the snapshot alone', answered],
    ['a refusal', failed],
  ])('%s is answered once it is proven', async (_, settled) => {
    const { outcome, told } = await playStrictly({ attempt: () => settled, proofs: ['current'] })
    expect(outcome).toBe(settled)
    expect(told).toEqual(['attempt', 'proof'])
  })

  test('a refusal that is of an older schema is made again after a check, the same schema or not', async () => {
    const { outcome, told } = await playStrictly({
      attempt: (attempts) => (attempts === 1 ? failed : proven),
      proofs: ['moved'],
      checks: ['unchanged'],
    })
    expect(outcome).toBe(proven)
    expect(told).toEqual(['attempt', 'proof', 'check stale-mark', 'attempt'])
  })

  test('a stale name that a check confirms is proven before it is refused', async () => {
    const { outcome, told } = await playStrictly({
      attempt: () => stale('stale-name'),
      checks: ['unanswered'],
      proofs: ['unprovable'],
    })
    expect(told).toEqual(['attempt', 'check stale-name', 'proof'])
    expect(outcome).toEqual(untold)
  })

  /** The ends of attempts, one every 50 milliseconds until five seconds after the first are over. */
  const moments = Array.from({ length: 102 }, (_, at) => 100 + at * 50)

  test('what is out of date again and again is made again while five seconds are not over', async () => {
    const { outcome, told } = await playStrictly({
      attempt: (attempts) => (attempts === moments.length - 1 ? proven : { kind: 'unproven' }),
      checks: ['unchanged'],
      moments,
    })
    expect(outcome).toBe(proven)
    expect(told.filter((word) => word === 'attempt')).toHaveLength(moments.length - 1)
  })

  test.each<[string, Attempt]>([
    ['out of date', { kind: 'unproven' }],
    ['a stale name', stale('stale-name')],
    ['found moved', schemaMoved],
  ])('what is %s for five seconds is given up', async (_, attempt) => {
    const { outcome, told } = await playStrictly({
      attempt: () => attempt,
      checks: ['moved'],
      proofs: ['moved'],
      moments,
    })
    expect(outcome).toMatchObject({ kind: 'failed', error: { kind: 'cache-not-loaded' } })
    expect(told.filter((word) => word === 'attempt')).toHaveLength(moments.length)
  })

  test('what is out of date is given up when the database does not tell', async () => {
    const { outcome } = await playStrictly({ attempt: () => ({ kind: 'unproven' }) })
    expect(outcome).toEqual(untold)
  })

  test.each<ApiError>([
    { kind: 'connection', details: '' },
    { kind: 'connection-lost', details: '' },
    { kind: 'acquisition-timeout' },
  ])('$kind says nothing of the schema, and needs no proof', async (lost) => {
    const { told } = await playStrictly({ attempt: () => ({ kind: 'failed', error: lost }) })
    expect(told).toEqual(['attempt'])
  })

  test('nothing is proven to who has left', async () => {
    const { told } = await playStrictly({ attempt: () => failed, signal: AbortSignal.abort() })
    expect(told).toEqual(['attempt'])
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
