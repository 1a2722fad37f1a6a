import { describe, expect, test } from 'vitest'
import type { ReloadOutcome } from '../../../src/cache/reload-signal.ts'
import type { CheckOutcome, StaleOrigin } from '../../../src/cache/stale-check.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import { relabelled } from '../../../src/schema/relabelled.ts'
import { createStaleNameChecker } from '../../../src/sources/stale-names.ts'
import { createVirtualClock } from '../../support/virtual-clock.ts'
import { catalog, options } from '../schema/sample-catalog.ts'

const snapshotOf = (version: number) => buildSnapshot(catalog({}), options, version, new Date(0))

function createChecker() {
  const clock = createVirtualClock()
  const db = {
    isCurrent: true,
    failure: null as Error | null,
    answerMs: 5,
    reloadMs: 50,
    outcome: 'published' as ReloadOutcome['kind'],
  }
  let snapshot = snapshotOf(1)
  const checksAt: number[] = []
  const reloads: string[] = []
  const checker = createStaleNameChecker({
    isCurrent: async () => {
      checksAt.push(clock.now())
      const { isCurrent } = db
      await clock.delay(db.answerMs)
      if (db.failure !== null) throw db.failure
      return isCurrent
    },
    requestReload: async ({ scope, depth, origin }) => {
      reloads.push(`${clock.now()} ${origin} ${scope} ${depth}`)
      await clock.delay(db.reloadMs)
      switch (db.outcome) {
        case 'published':
          snapshot = snapshotOf(snapshot.snapshotVersion + 1)
          return {
            kind: 'published',
            snapshotVersion: snapshot.snapshotVersion,
            durationMs: 0,
            queuedMs: 0,
            changes: { added: [], removed: [], changed: [] },
          }
        case 'unchanged':
          return {
            kind: 'unchanged',
            snapshotVersion: snapshot.snapshotVersion,
            foundBy: 'check',
            durationMs: 0,
            queuedMs: 0,
          }
        case 'failed':
          return { kind: 'failed', durationMs: 0, queuedMs: 0, cause: 'broken' }
      }
    },
    currentSnapshot: () => snapshot,
    scheduler: clock.scheduler,
  })
  const answers: string[] = []
  function ask(origin: StaleOrigin = 'stale-name'): Promise<CheckOutcome> {
    const answer = checker.checkAfter(origin)
    void answer.then((outcome) => answers.push(`${clock.now()} ${outcome}`))
    return answer
  }
  return {
    clock,
    db,
    ask,
    answers,
    checksAt,
    reloads,
    publish: () => {
      snapshot = snapshotOf(snapshot.snapshotVersion + 1)
    },
    relabel: () => {
      snapshot = relabelled(snapshot, 'newer')
    },
  }
}

describe('a miss', () => {
  test('asks the version alone when the schema has not moved', async () => {
    const { clock, ask, answers, checksAt, reloads } = createChecker()
    void ask()
    await clock.advance(100)
    expect(answers).toEqual(['5 unchanged'])
    expect(checksAt).toEqual([0])
    expect(reloads).toEqual([])
  })

  test.each(['stale-name', 'stale-hit'] as const)(
    'by %s reloads when it has, and is told after the publish',
    async (origin) => {
      const { clock, db, ask, answers, reloads } = createChecker()
      db.isCurrent = false
      void ask(origin)
      await clock.advance(100)
      expect(reloads).toEqual([`5 ${origin} schema check`])
      expect(answers).toEqual(['55 moved'])
    },
  )

  test.each<[ReloadOutcome['kind'], CheckOutcome]>([
    ['published', 'moved'],
    ['unchanged', 'unchanged'],
    ['failed', 'unanswered'],
  ])('whose reload is %s is %s', async (outcome, expected) => {
    const { clock, db, ask } = createChecker()
    db.isCurrent = false
    db.outcome = outcome
    const answer = ask()
    await clock.advance(100)
    expect(await answer).toBe(expected)
  })

  test('whose question fails is unanswered', async () => {
    const { clock, db, ask } = createChecker()
    db.failure = new Error('connection refused')
    const answer = ask()
    await clock.advance(100)
    expect(await answer).toBe('unanswered')
  })

  test('is unanswered after five seconds, though the check goes on', async () => {
    const { clock, db, ask, answers, checksAt } = createChecker()
    db.answerMs = 8000
    void ask()
    await clock.advance(4000)
    void ask()
    await clock.advance(20_000)
    expect(answers).toEqual(['5000 unanswered', '9000 unanswered'])
    expect(checksAt).toEqual([0, 8000])
  })

  test('learns of a publish by somebody else while it waited', async () => {
    const { clock, ask, publish } = createChecker()
    const answer = ask()
    publish()
    await clock.advance(100)
    expect(await answer).toBe('moved')
  })
})

// what a request was planned for is known to the database by that version alone
test('a schema that only got the label of a newer version has moved', async () => {
  const { clock, ask, relabel } = createChecker()
  const answer = ask('stale-hit')
  relabel()
  await clock.advance(100)
  expect(await answer).toBe('moved')
})

describe('misses share', () => {
  test('the check that waits, never the one that runs', async () => {
    const { clock, ask, answers, checksAt } = createChecker()
    void ask()
    await clock.advance(2)
    void ask()
    await clock.advance(1)
    void ask()
    void ask()
    await clock.advance(100)
    expect(checksAt).toEqual([0, 5])
    expect(answers).toEqual(['5 unchanged', '10 unchanged', '10 unchanged', '10 unchanged'])
  })

  test('so that a change during a check is not missed by who asked after it', async () => {
    const { clock, db, ask, answers } = createChecker()
    void ask()
    await clock.advance(2)
    db.isCurrent = false
    void ask()
    await clock.advance(200)
    expect(answers).toEqual(['5 unchanged', '60 moved'])
  })

  test('by the thousand at once cost one check', async () => {
    const { clock, ask, answers, checksAt } = createChecker()
    for (let asked = 0; asked < 1000; asked += 1) void ask()
    await clock.advance(100)
    expect(checksAt).toEqual([0, 5])
    expect(answers).toHaveLength(1000)
  })
})

describe('a scanner', () => {
  test('gets a burst of twenty, then twenty checks a second; misses are delayed, none is skipped', async () => {
    const { clock, db, ask, answers, checksAt } = createChecker()
    db.answerMs = 1
    let isScanning = true
    async function scan(): Promise<void> {
      while (isScanning) expect(await ask()).toBe('unchanged')
    }
    const scanned = scan()
    await clock.advance(1999)
    isScanning = false
    await clock.advance(200)
    await scanned
    const inFirst100 = checksAt.filter((at) => at < 100).length
    expect(inFirst100).toBeGreaterThanOrEqual(20)
    expect(inFirst100).toBeLessThanOrEqual(22)
    const inSecondSecond = checksAt.filter((at) => at >= 1000 && at < 2000).length
    expect(inSecondSecond).toBeGreaterThanOrEqual(19)
    expect(inSecondSecond).toBeLessThanOrEqual(20)
    expect(answers).toHaveLength(checksAt.length)
  })

  test('that rests gets its burst again, and no more than that', async () => {
    const { clock, db, ask, checksAt } = createChecker()
    db.answerMs = 0
    const burst = async () => {
      for (let asked = 0; asked < 40; asked += 1) {
        void ask()
        await clock.advance(1)
      }
    }
    await burst()
    await clock.advance(60_000)
    const before = checksAt.length
    await burst()
    await clock.advance(10)
    expect(checksAt.length - before).toBeGreaterThanOrEqual(20)
    expect(checksAt.length - before).toBeLessThanOrEqual(22)
  })
})

describe('a mark that has moved', () => {
  test('waits for no token, nor does who shares its check', async () => {
    const { clock, ask, answers, checksAt, reloads } = createChecker()
    for (let n = 0; n < 24; n += 1) {
      void ask()
      await clock.advance(5)
    }
    // the burst and what was added since are spent: the last ones wait for a token
    expect(checksAt).toHaveLength(22)
    void ask('stale-mark')
    await clock.advance(50)
    expect(reloads).toEqual(['120 stale-mark schema check'])
    expect(answers.slice(-3)).toEqual(['170 moved', '170 moved', '170 moved'])
    expect(checksAt).toHaveLength(22)
  })

  test('is a reload at once: that the version is another is known', async () => {
    const { clock, ask, answers, checksAt, reloads } = createChecker()
    void ask('stale-mark')
    await clock.advance(100)
    expect(reloads).toEqual(['0 stale-mark schema check'])
    expect(answers).toEqual(['50 moved'])
    expect(checksAt).toEqual([])
  })

  test('is one reload for all who meet it while that is under way', async () => {
    const { clock, ask, answers, reloads } = createChecker()
    for (let n = 0; n < 4; n += 1) {
      void ask('stale-mark')
      await clock.advance(10)
    }
    void ask('stale-name')
    await clock.advance(100)
    expect(reloads).toEqual(['0 stale-mark schema check'])
    expect(answers).toEqual(['50 moved', '50 moved', '50 moved', '50 moved', '55 moved'])
  })

  test('rests for a moment after a reload that found nothing new, and only then', async () => {
    const { clock, db, ask, reloads } = createChecker()
    const askAgain = async () => {
      for (let n = 0; n < 3; n += 1) {
        const answer = ask('stale-mark')
        await clock.advance(100)
        await answer
      }
    }
    db.outcome = 'unchanged'
    db.reloadMs = 10
    void ask('stale-mark').then(() => ask('stale-mark'))
    await clock.advance(1000)
    expect(reloads).toEqual(['0 stale-mark schema check', '60 stale-mark schema check'])
    reloads.length = 0
    db.outcome = 'published'
    db.reloadMs = 100
    await askAgain()
    expect(reloads).toEqual([
      '1000 stale-mark schema check',
      '1100 stale-mark schema check',
      '1200 stale-mark schema check',
    ])
  })

  test('lets a name that is asked for meanwhile wait with it', async () => {
    const { clock, db, ask, answers, checksAt } = createChecker()
    db.outcome = 'unchanged'
    db.reloadMs = 10
    void ask('stale-mark').then(() => {
      void ask('stale-mark')
      void ask('stale-name')
    })
    await clock.advance(200)
    expect(answers).toEqual(['10 unchanged', '70 unchanged', '70 unchanged'])
    expect(checksAt).toEqual([])
  })
})
