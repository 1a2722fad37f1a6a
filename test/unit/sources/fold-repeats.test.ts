import { TestScheduler } from 'rxjs/testing'
import { expect, test } from 'vitest'
import { foldRepeats } from '../../../src/sources/fold-repeats.ts'

// In the diagrams a character is a millisecond; in the results a number counts what it stands for; w is 20.

const pace = { tickMs: 5, holdMs: 20 }

test.each([
  ['tells the first of each kind at once', 'ab--', '1b--'],
  [
    'tells those that followed once, when a tick has brought none',
    'aaaa---------',
    '1---------3--',
  ],
  ['tells nothing where nothing followed', 'a-----------a', '1-----------1'],
  [
    'begins anew after two ticks without any',
    `aa${'-'.repeat(19)}aa${'-'.repeat(9)}`,
    `1${'-'.repeat(9)}1${'-'.repeat(10)}1${'-'.repeat(9)}1`,
  ],
  [
    'tells of a storm after each hold, and of its end soon',
    `${'a'.repeat(72)}--------------`,
    `1${'-'.repeat(19)}w${'-'.repeat(19)}w${'-'.repeat(19)}w${'-'.repeat(19)}e-----`,
  ],
  ['lets what has no kind pass', 'axxa----------', '1xx-------1---'],
  ['tells what it holds at the end', 'aaa|', '1--(2|)'],
  ['tells what it holds before a failure', 'aaa#', '1--(2#)'],
])('%s', (_, source, expected) => {
  const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
  scheduler.run(({ cold, expectObservable }) => {
    const folded$ = cold(source).pipe(
      foldRepeats((value) => (value === 'x' ? null : value), pace, scheduler),
    )
    const results = Object.fromEntries([
      ...[1, 2, 3].map((times) => [String(times), { value: 'a', times }] as const),
      ['e', { value: 'a', times: 11 }],
      ['w', { value: 'a', times: 20 }],
      ...['b', 'x'].map((value) => [value, { value, times: 1 }] as const),
    ])
    expectObservable(folded$).toBe(expected, results)
  })
})

test('holds nothing and waits for nothing once nobody listens', () => {
  const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
  scheduler.run(({ hot, expectObservable, expectSubscriptions }) => {
    const source$ = hot('aaaa------')
    const folded$ = source$.pipe(foldRepeats((value) => value, pace, scheduler))
    expectObservable(folded$, '^--!').toBe('a---', { a: { value: 'a', times: 1 } })
    expectSubscriptions(source$.subscriptions).toBe('^--!')
  })
})
