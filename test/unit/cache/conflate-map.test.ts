import { concat, defer, merge as mergeAll, NEVER, type Observable, of, timer } from 'rxjs'
import { map } from 'rxjs/operators'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, test } from 'vitest'
import { conflateMap } from '../../../src/cache/conflate-map.ts'

// In the diagrams a character is a millisecond; a run of "a" that ends gives "A".

interface Setup {
  readonly source: string
  readonly expected: string
  readonly runMs: number
  readonly throttleMs: number
  readonly values?: Readonly<Record<string, string>>
  readonly results?: Readonly<Record<string, string>>
}

function play({ source, expected, runMs, throttleMs, values, results }: Setup): void {
  const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
  scheduler.run(({ cold, expectObservable }) => {
    const source$: Observable<string> = values === undefined ? cold(source) : cold(source, values)
    const out$ = source$.pipe(
      conflateMap((value) => timer(runMs, scheduler).pipe(map(() => value.toUpperCase())), {
        merge: (waiting, newer) => waiting + newer,
        throttleMs,
        isUrgent: (waiting) => waiting.includes('u'),
        scheduler,
      }),
    )
    if (results === undefined) expectObservable(out$).toBe(expected)
    else expectObservable(out$).toBe(expected, results)
  })
}

describe('conflateMap', () => {
  test.each<[string, Setup]>([
    [
      'starts the first value at once',
      { runMs: 3, throttleMs: 10, source: '--a-', expected: '-----A' },
    ],
    [
      'runs values that come far apart one by one',
      { runMs: 2, throttleMs: 5, source: 'a 9ms b', expected: '--A 9ms B' },
    ],
    [
      'folds what arrives during a run into one more, which starts when it has ended',
      {
        runMs: 10,
        throttleMs: 2,
        source: '   a-b-c-d---',
        expected: ' ----------A---------M',
        results: { A: 'A', M: 'BCD' },
      },
    ],
    [
      'does not have an urgent value wait for the throttle, and throttles anew from it on',
      {
        runMs: 2,
        throttleMs: 10,
        source: '   a--u-b------',
        expected: ' --A--U---------B',
      },
    ],
    [
      'has an urgent value wait for the end of a run, with what waits already',
      {
        runMs: 6,
        throttleMs: 20,
        source: '   a-bu---',
        expected: ' ------A-----M',
        results: { A: 'A', M: 'BU' },
      },
    ],
    [
      'after a short run waits until the throttle is over since it began',
      {
        runMs: 2,
        throttleMs: 10,
        source: '   a--b------',
        expected: ' --A---------B',
      },
    ],
    [
      'does not wait longer for values that keep coming: a throttle, no debounce',
      {
        runMs: 1,
        throttleMs: 5,
        source: '   abcdefghijklm-',
        expected: ' -A----M----N----O',
        results: { A: 'A', M: 'BCDEF', N: 'GHIJK', O: 'LM' },
      },
    ],
    [
      'a value at the very end of a run is not lost',
      { runMs: 4, throttleMs: 4, source: 'a---b', expected: '----A---B' },
    ],
    [
      'when the source completes finishes what runs and what waits, then completes',
      { runMs: 4, throttleMs: 2, source: 'a-b|', expected: '----A---(B|)' },
    ],
    [
      'completes at the end of the throttle when nothing waits',
      { runMs: 1, throttleMs: 5, source: 'a|', expected: '-A---|' },
    ],
  ])('%s', (_, setup) => play(setup))

  test('a storm of 1000 values in two seconds costs a run each 100 ms, and the last one counts', () => {
    const scheduler = new TestScheduler(() => undefined)
    const runs: { readonly at: number; readonly values: readonly number[] }[] = []
    scheduler.run(() => {
      mergeAll(
        ...Array.from({ length: 1000 }, (_, at) => timer(at * 2, scheduler).pipe(map(() => [at]))),
      )
        .pipe(
          conflateMap(
            (values: readonly number[]) =>
              defer(() => {
                runs.push({ at: scheduler.now(), values })
                return timer(20, scheduler)
              }),
            { merge: (a, b) => [...a, ...b], throttleMs: 100, scheduler },
          ),
        )
        .subscribe()
    })
    expect(runs).toHaveLength(21)
    expect(runs.map(({ at }) => at)).toEqual(Array.from({ length: 21 }, (_, at) => at * 100))
    expect(runs.flatMap(({ values }) => values)).toEqual(
      Array.from({ length: 1000 }, (_, at) => at),
    )
  })

  test('long runs follow each other without a gap under a storm', () => {
    const scheduler = new TestScheduler(() => undefined)
    const starts: number[] = []
    scheduler.run(() => {
      mergeAll(...Array.from({ length: 100 }, (_, at) => timer(at * 10, scheduler)))
        .pipe(
          conflateMap(
            () =>
              defer(() => {
                starts.push(scheduler.now())
                return timer(300, scheduler)
              }),
            { merge: (_, newer) => newer, throttleMs: 100, scheduler },
          ),
        )
        .subscribe()
    })
    expect(starts).toEqual([0, 300, 600, 900, 1200])
  })

  test('a run can take over what waits, if it accepts it', () => {
    const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
    scheduler.run(({ cold, expectObservable }) => {
      const out$ = cold('a-b--c-d--').pipe(
        conflateMap(
          (value: string, takeWaiting) =>
            concat(
              timer(4, scheduler).pipe(
                map(() => `${value}+${takeWaiting((waiting) => waiting !== 'd') ?? 'nothing'}`),
              ),
            ),
          { merge: (a, b) => a + b, throttleMs: 2, scheduler },
        ),
      )
      expectObservable(out$).toBe('----A----B---C', { A: 'a+b', B: 'c+nothing', C: 'd+nothing' })
    })
  })

  test('work that ends at once is throttled too, and does not recurse', () => {
    const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
    scheduler.run(({ cold, expectObservable }) => {
      const out$ = cold('(abc)').pipe(
        conflateMap((value: string) => of(value), {
          merge: (a, b) => a + b,
          throttleMs: 3,
          scheduler,
        }),
      )
      expectObservable(out$).toBe('a--b', { a: 'a', b: 'bc' })
    })
  })

  test('unsubscribing ends the run, the wait and the source', () => {
    const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
    scheduler.run(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('  a-b---c')
      const work = cold('   ---------r')
      const out$ = source.pipe(
        conflateMap(() => work, { merge: (a) => a, throttleMs: 2, scheduler }),
      )
      expectObservable(out$, '^---!').toBe('-----')
      expectSubscriptions(source.subscriptions).toBe('^---!')
      expectSubscriptions(work.subscriptions).toBe('^---!')
    })
  })

  test("an error of the work ends the stream: recovering is the work's own task", () => {
    const scheduler = new TestScheduler((actual, wanted) => expect(actual).toEqual(wanted))
    scheduler.run(({ cold, expectObservable }) => {
      const out$ = mergeAll(cold('a'), NEVER).pipe(
        conflateMap(() => cold<string>('--#'), { merge: (a) => a, throttleMs: 2, scheduler }),
      )
      expectObservable(out$).toBe('--#')
    })
  })
})
