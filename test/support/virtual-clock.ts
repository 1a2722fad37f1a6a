/**
 * Virtual time for code that mixes a scheduler with promises: time moves from one scheduled action
 * to the next, and between two of them every promise that can settle has settled. No test sleeps.
 */
import { Observable, VirtualTimeScheduler } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'

export interface VirtualClock {
  readonly scheduler: VirtualTimeScheduler
  now(): number
  /** Lets promises settle without moving the time. */
  settle(): Promise<void>
  /** Moves the time, action by action. */
  advance(ms: number): Promise<void>
  /** A promise that settles when that much virtual time has passed. */
  delay(ms: number): Promise<void>
  /** A stream as a marble diagram tells it: one character a millisecond, `99ms` for longer. */
  marbles<T>(diagram: string, values: Readonly<Record<string, T>>): Observable<T>
}

/** As in TestScheduler's run mode, where a character is one millisecond. */
function parseMarbles<T>(diagram: string, values: Readonly<Record<string, T>>) {
  const factor = TestScheduler.frameTimeFactor
  TestScheduler.frameTimeFactor = 1
  try {
    return TestScheduler.parseMarbles(diagram, values, undefined, false, true)
  } finally {
    TestScheduler.frameTimeFactor = factor
  }
}

export function createVirtualClock(): VirtualClock {
  const scheduler = new VirtualTimeScheduler(undefined, 0)

  async function settle(): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  return {
    scheduler,
    now: () => scheduler.now(),
    settle,
    async advance(ms) {
      const target = scheduler.frame + ms
      await settle()
      for (let next = scheduler.actions[0]; next !== undefined; next = scheduler.actions[0]) {
        if (next.delay > target) break
        scheduler.maxFrames = next.delay
        scheduler.flush()
        await settle()
      }
      scheduler.frame = target
    },
    delay: (ms) =>
      new Promise((resolve) => {
        scheduler.schedule(() => resolve(), ms)
      }),
    marbles: (diagram, values) =>
      new Observable((subscriber) => {
        for (const { frame, notification } of parseMarbles(diagram, values)) {
          subscriber.add(
            scheduler.schedule(() => {
              if (notification.kind === 'N') subscriber.next(notification.value)
              else if (notification.kind === 'E') subscriber.error(notification.error)
              else subscriber.complete()
            }, frame),
          )
        }
      }),
  }
}
