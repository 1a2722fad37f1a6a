import { TestScheduler } from 'rxjs/testing'
import { expect, test } from 'vitest'
import { foldRepeats } from '../../../src/sources/fold-repeats.ts'

// In the diagrams a character is a millisecond; a number in the result counts what it stands for.

const windowMs = 5

test.each([
  ['tells the first of each kind at once', 'ab--', '1b--'],
  ['tells those of one window once, at its end', 'aaaa------', '1----3----'],
  ['tells nothing where a window brought nothing', 'a---------a', '1---------1'],
  ['goes on at the windows’ pace', 'aaaaaaaaaaaa----', '1----5----5----1'],
  ['lets what has no kind pass', 'axxa------', '1xx--1----'],
  ['tells what it holds at the end', 'aaa|', '1--(2|)'],
  ['tells what it holds before a failure', 'aaa#', '1--(2#)'],
])('%s', (_, source, expected) => {
  const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
  scheduler.run(({ cold, expectObservable }) => {
    const folded$ = cold(source).pipe(
      foldRepeats((value) => (value === 'x' ? null : value), windowMs, scheduler),
    )
    const results = Object.fromEntries([
      ...[1, 2, 3, 5].map((times) => [String(times), { value: 'a', times }] as const),
      ...['b', 'x'].map((value) => [value, { value, times: 1 }] as const),
    ])
    expectObservable(folded$).toBe(expected, results)
  })
})

test('holds nothing and waits for nothing once nobody listens', () => {
  const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
  scheduler.run(({ hot, expectObservable, expectSubscriptions }) => {
    const source$ = hot('aaaa------')
    const folded$ = source$.pipe(foldRepeats((value) => value, windowMs, scheduler))
    expectObservable(folded$, '^--!').toBe('a---', { a: { value: 'a', times: 1 } })
    expectSubscriptions(source$.subscriptions).toBe('^--!')
  })
})
