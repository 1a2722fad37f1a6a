/** Full loads that others ask for, held to a pace: none is lost, and what is told waits for a check only. */
import { TestScheduler } from 'rxjs/testing'
import { expect, test } from 'vitest'
import type { News } from '../../../src/sources/follow-up-news.ts'
import { paceFullLoads } from '../../../src/sources/pace-full-loads.ts'

// In the diagrams a character is a millisecond. Capitals are full loads, of the schema, the configuration
// alone, or both; the small letters are checks.

const leastMs = 5
const news = {
  S: { scope: 'schema', depth: 'full', origin: 'fleet' },
  B: { scope: 'both', depth: 'full', origin: 'fleet' },
  C: { scope: 'config', depth: 'full', origin: 'fleet' },
  s: { scope: 'schema', depth: 'check', origin: 'fleet' },
  b: { scope: 'both', depth: 'check', origin: 'fleet' },
} as const satisfies Readonly<Record<string, News>>

test.each([
  ['loads for the first at once', 'S-------', 'S-------'],
  ['checks for the next at once, and loads when the pause is over', 'SS------', 'Ss---S--'],
  ['loads once for all of one pause', 'SSSS-------', 'Ssss-S-----'],
  ['loads all that was asked for', 'SBS--------', 'Sbs--B-----'],
  ['goes on at its pace', 'S-S-S-S-S------', 'S-s-sSs-s-S----'],
  ['loads at once again after a quiet pause', 'S-----S', 'S-----S'],
  ['lets checks and the configuration pass', 'SsCbC-----', 'SsCbC-----'],
])('%s', (_, source, expected) => {
  const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
  scheduler.run(({ cold, expectObservable }) => {
    const paced$ = cold<News>(source, news).pipe(paceFullLoads(leastMs, scheduler))
    expectObservable(paced$).toBe(expected, news)
  })
})

test('counts what was heard once, by the check', () => {
  const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
  scheduler.run(({ cold, expectObservable }) => {
    const { S, s } = news
    const source$ = cold<News>('ab', { a: { ...S, times: 3 }, b: { ...S, times: 4 } })
    expectObservable(source$.pipe(paceFullLoads(leastMs, scheduler))).toBe('ab---c', {
      a: { ...S, times: 3 },
      b: { ...s, times: 4 },
      c: S,
    })
  })
})

test('waits for nothing once nobody listens', () => {
  const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
  scheduler.run(({ hot, expectObservable, expectSubscriptions }) => {
    const source$ = hot<News>('SS------', news)
    expectObservable(source$.pipe(paceFullLoads(leastMs, scheduler)), '^--!').toBe('Ss', news)
    expectSubscriptions(source$.subscriptions).toBe('^--!')
  })
})
