/**
 * The scheduler in virtual time: processes that answer when the test says so, and a clock that
 * stands still until it is moved.
 */
import { describe, expect, test } from 'vitest'
import type { PoolLimits } from '../../../../../src/backends/pool/pool-limits.ts'
import type { Job, JobOutcome } from '../../../../../src/backends/sqlite/process/job.ts'
import type { ReaderEvents } from '../../../../../src/backends/sqlite/process/reader-process.ts'
import { ReaderScheduler } from '../../../../../src/backends/sqlite/process/reader-scheduler.ts'

/** Requests are names; those with the same letters are the same statement. */
const statementOf = (name: string) => name.replace(/\d+$/, '')

class PlayedProcess {
  readonly id: string
  readonly events: ReaderEvents<string>
  /** Sent and not answered. */
  readonly sent: { readonly id: number; readonly name: string }[] = []
  isKilled = false
  isDemoted = false

  constructor(id: string, events: ReaderEvents<string>) {
    this.id = id
    this.events = events
  }

  send(id: number, name: string): void {
    this.sent.push({ id, name })
  }

  demote(): boolean {
    this.isDemoted = true
    return true
  }

  kill(): void {
    this.isKilled = true
  }

  get names(): readonly string[] {
    return this.sent.map(({ name }) => name)
  }

  answer(micros = 50): void {
    const head = this.sent.shift()
    if (head === undefined) throw new Error(`process ${this.id} was asked nothing`)
    this.events.replied(head.id, micros, `answer to ${head.name}`)
  }
}

interface Asked {
  readonly job: Job<string, string>
  readonly outcomes: readonly JobOutcome<string>[]
}

interface Played {
  readonly scheduler: ReaderScheduler<string, string>
  readonly processes: readonly PlayedProcess[]
  readonly log: readonly string[]
  process(index: number): PlayedProcess
  ask(name: string, options?: { timeoutMs?: number; isControl?: boolean }): Asked
  /** In steps of five milliseconds, with a look after each. */
  pass(ms: number): void
  /** Time passes and nobody looks: the server is busy with something else. */
  stall(ms: number): void
}

function play(limits: Partial<PoolLimits> = {}): Played {
  let now = 0
  const processes: PlayedProcess[] = []
  const log: string[] = []
  const all: PoolLimits = {
    max: 10,
    acquisitionTimeoutMs: 1000,
    maxIdleMs: 30_000,
    maxLifetimeMs: 1_800_000,
    ...limits,
  }
  const scheduler = new ReaderScheduler<string, string>({
    start(events) {
      const process = new PlayedProcess(`p${processes.length}`, events)
      processes.push(process)
      return process
    },
    limits: () => all,
    warm: 2,
    working: 3,
    observe(observation) {
      if (observation.kind !== 'connection') return
      log.push(`${observation.id} ${observation.status} ${observation.reason}`.trim())
    },
    now: () => now,
  })
  const process = (index: number): PlayedProcess => {
    const found = processes[index]
    if (found === undefined) throw new Error(`process ${index} was not started`)
    return found
  }
  return {
    scheduler,
    processes,
    log,
    process,
    ask(name, { timeoutMs = 0, isControl = false } = {}) {
      const outcomes: JobOutcome<string>[] = []
      const job = scheduler.submit({
        request: name,
        statement: isControl ? null : statementOf(name),
        isControl,
        timeoutMs,
        onPlaced: () => undefined,
        onSettled: (outcome) => outcomes.push(outcome),
      })
      return { job, outcomes }
    },
    pass(ms) {
      for (let passed = 0; passed < ms; passed += 5) {
        now += 5
        scheduler.look()
      }
    },
    stall(ms) {
      now += ms
    },
  }
}

const answered = (name: string) => [{ kind: 'answered', reply: `answer to ${name}` }]

/** Two processes are ready, and `quick` is known to be quick. */
function warm(limits: Partial<PoolLimits> = {}): Played {
  const played = play(limits)
  played.scheduler.warmUp()
  for (let index = 0; index < Math.min(2, limits.max ?? 2); index += 1) {
    played.process(index).events.ready()
  }
  teach(played, 'quick', 50)
  return played
}

/** Has a statement answered once, so that its cost is known. */
function teach(played: Played, name: string, micros: number): void {
  played.ask(name)
  const process = played.processes.find((each) => each.names.includes(name))
  process?.answer(micros)
}

describe('quick statements', () => {
  test('share the process that has the most of them, up to sixteen', () => {
    const { ask, process } = warm()
    for (let index = 0; index < 20; index += 1) ask(`quick${index}`)
    expect(process(0).sent).toHaveLength(16)
    expect(process(1).sent).toHaveLength(4)
  })

  test('share it up to what others can wait for', () => {
    const played = warm()
    teach(played, 'heavy', 1500)
    for (let index = 0; index < 5; index += 1) played.ask(`heavy${index}`)
    expect(played.process(0).sent).toHaveLength(3)
    expect(played.process(1).sent).toHaveLength(2)
  })

  test('wait in line when all are full, start no process, and follow in their order', () => {
    const { ask, process, processes, scheduler, pass } = warm()
    for (let index = 0; index < 34; index += 1) ask(`quick${index}`)
    pass(5)
    expect(scheduler.stats().waiting).toBe(2)
    process(1).answer()
    process(0).answer()
    expect(process(1).names.at(-1)).toBe('quick32')
    expect(process(0).names.at(-1)).toBe('quick33')
    expect(processes).toHaveLength(2)
  })

  test('are answered each with its own answer', () => {
    const { ask, process } = warm()
    const [one, two] = [ask('quick1'), ask('quick2')]
    process(0).answer()
    expect([one.outcomes, two.outcomes]).toEqual([answered('quick1'), []])
    process(0).answer()
    expect(two.outcomes).toEqual(answered('quick2'))
  })
})

describe('a statement that was never answered', () => {
  test('goes ahead alone, and others of it wait for what it costs', () => {
    const { ask, process } = warm()
    for (const name of ['new1', 'new2', 'new3', 'quick1']) ask(name)
    expect([process(0).names, process(1).names]).toEqual([['quick1'], ['new1']])
    process(1).answer(60)
    expect([process(0).names, process(1).names]).toEqual([['quick1', 'new2', 'new3'], []])
  })

  test('counts as slow after ten milliseconds, and others of it wait no longer', () => {
    const { ask, process, processes, pass } = warm()
    for (const name of ['new1', 'new2']) ask(name)
    pass(10)
    expect(processes).toHaveLength(3)
    process(2).events.ready()
    // one is left to those that are quick
    expect([process(0).names, process(1).names, process(2).names]).toEqual([[], ['new1'], ['new2']])
  })

  test('is run alone by the only process there may be, and nothing stands behind it', () => {
    const { ask, process } = warm({ max: 1 })
    const [, behind] = [ask('new1'), ask('quick1')]
    expect(process(0).names).toEqual(['new1'])
    process(0).answer()
    expect(process(0).names).toEqual(['quick1'])
    process(0).answer()
    expect(behind.outcomes).toEqual(answered('quick1'))
  })

  test('has one emptied for it where all are shared', () => {
    const { ask, process, processes, pass } = warm({ max: 2 })
    for (let index = 0; index < 20; index += 1) ask(`quick${index}`)
    ask('new')
    for (let index = 0; index < 4; index += 1) {
      process(1).answer()
      // those that come now go to the other one, or wait
      ask(`quick9${index}`)
    }
    expect(process(1).names).toEqual(['new'])
    pass(5)
    expect(processes).toHaveLength(2)
    // and nobody else waits for ever
    process(1).answer(50)
    expect(process(1).names).toEqual(['quick90', 'quick91', 'quick92', 'quick93'])
  })

  test('gives back the process that was emptied for it when its client leaves', () => {
    const { ask, process, scheduler } = warm({ max: 1 })
    for (let index = 0; index < 2; index += 1) ask(`quick${index}`)
    const { job } = ask('new')
    const late = ask('quick9')
    scheduler.abandon(job)
    process(0).answer()
    process(0).answer()
    process(0).answer()
    expect(late.outcomes).toEqual(answered('quick9'))
  })
})

describe('a slow statement', () => {
  test('runs alone and leaves one process to others', () => {
    const played = warm()
    teach(played, 'slow', 8000)
    const { ask, process, processes } = played
    for (const name of ['slow1', 'slow2', 'quick1']) ask(name)
    expect([process(0).names, process(1).names]).toEqual([['quick1'], ['slow1']])
    expect(processes).toHaveLength(3)
    process(2).events.ready()
    expect(process(2).names).toEqual(['slow2'])
  })

  test('starts no more processes than there is work for processors', () => {
    const played = warm()
    teach(played, 'slow', 8000)
    const { ask, process, processes, pass } = played
    for (let index = 0; index < 6; index += 1) ask(`slow${index}`)
    process(2).events.ready()
    pass(40)
    expect(processes).toHaveLength(3)
    expect(process(0).names).toEqual([])
    process(2).answer(8000)
    expect(process(2).names).toEqual(['slow2'])
  })

  test('is shared again once it was quick often enough', () => {
    const played = warm({ max: 1 })
    teach(played, 'slow', 3000)
    for (let index = 0; index < 9; index += 1) teach(played, 'slow', 50)
    played.ask('slow1')
    played.ask('slow2')
    expect(played.process(0).names).toEqual(['slow1', 'slow2'])
  })
})

describe('a process whose head takes long', () => {
  test('loses those behind it to others, and what is asked twice is answered once', () => {
    const { ask, process, pass } = warm()
    const asked = ['quick1', 'quick2', 'quick3'].map((name) => ask(name))
    expect(process(0).names).toEqual(['quick1', 'quick2', 'quick3'])
    pass(10)
    expect(process(1).names).toEqual(['quick2', 'quick3'])
    process(1).answer()
    for (let index = 0; index < 3; index += 1) process(0).answer()
    process(1).answer()
    expect(asked.map(({ outcomes }) => outcomes)).toEqual(
      ['quick1', 'quick2', 'quick3'].map(answered),
    )
  })

  test('keeps those that have found no other when it answers', () => {
    const { ask, process, pass, scheduler } = warm({ max: 1 })
    const [, second, third] = ['quick1', 'quick2', 'quick3'].map((name) => ask(name))
    pass(10)
    expect(scheduler.stats().waiting).toBe(2)
    process(0).answer()
    // the second is run now; the third has a place again behind it, and its older copy is sooner
    process(0).answer()
    expect(second?.outcomes).toEqual(answered('quick2'))
    process(0).answer()
    expect(third?.outcomes).toEqual(answered('quick3'))
    expect(scheduler.stats().waiting).toBe(0)
  })

  test('answers what waits for a third process, which is not asked then', () => {
    const { ask, process, processes, pass } = warm({ max: 2 })
    ask('quick1')
    const asked = ask('quick2')
    pass(10)
    process(0).answer()
    // it runs in both now, and the place of the one that is lost has to be filled first
    process(1).events.ended('by SIGKILL')
    process(0).answer()
    expect(asked.outcomes).toEqual(answered('quick2'))
    process(2).events.ready()
    expect(processes.flatMap(({ names }) => (names.length > 0 ? names : []))).toEqual(['quick2'])
    expect(process(1).names).toEqual(['quick2'])
  })

  test('and is demoted keeps nothing that is to be asked again', () => {
    const { ask, process, pass } = warm({ max: 1 })
    const [, second] = ['quick1', 'quick2'].map((name) => ask(name))
    pass(300)
    expect(process(0).isDemoted).toBe(true)
    process(0).answer(300_000)
    process(1).events.ready()
    expect(process(1).names).toEqual(['quick2'])
    process(1).answer()
    expect(second?.outcomes).toEqual(answered('quick2'))
  })

  test('that nobody waits for any more is ended', () => {
    const { ask, process, pass, log } = warm()
    ask('quick1')
    ask('quick2')
    pass(10)
    process(1).answer()
    process(0).answer()
    // what it runs now was answered by the other one
    pass(105)
    expect(log).toContain('p0 closed client gone')
  })

  test('counts against its statement only when it takes really long', () => {
    const { ask, process, pass } = warm()
    ask('quick1')
    pass(45)
    ask('quick2')
    expect(process(1).names).toEqual(['quick2'])
    process(1).answer()
    pass(5)
    ask('quick3')
    expect(process(1).names).toEqual([])
  })

  test('has others of other statements answered elsewhere at once', () => {
    const played = warm()
    teach(played, 'other', 50)
    const { ask, process, pass } = played
    ask('quick1')
    const other = ask('other1')
    expect(process(0).names).toEqual(['quick1', 'other1'])
    pass(10)
    expect(process(1).names).toEqual(['other1'])
    process(1).answer()
    expect(other.outcomes).toEqual(answered('other1'))
  })

  test('is told from a server that was busy itself', () => {
    const { ask, process, processes, scheduler, stall } = warm()
    ask('quick1')
    ask('quick2')
    stall(500)
    scheduler.look()
    expect([process(0).names, process(1).names]).toEqual([['quick1', 'quick2'], []])
    expect(processes).toHaveLength(2)
  })

  test('is no reason to pass over one that goes on answering', () => {
    const { ask, process, pass } = warm()
    for (let index = 0; index < 16; index += 1) ask(`quick${index}`)
    for (let index = 0; index < 15; index += 1) {
      pass(5)
      process(0).answer()
    }
    expect(process(0).names).toEqual(['quick15'])
    expect(process(1).names).toEqual([])
  })

  test('has another one started before anybody waits', () => {
    const { ask, processes, pass } = warm()
    ask('new')
    ask('other')
    expect(processes).toHaveLength(2)
    pass(10)
    expect(processes).toHaveLength(3)
  })

  test('has to leave the processor to others, and is used up when it has answered', () => {
    const { ask, process, pass, log } = warm()
    const { outcomes } = ask('new')
    pass(245)
    expect(process(1).isDemoted).toBe(false)
    pass(5)
    expect(process(1).isDemoted).toBe(true)
    process(1).answer(260_000)
    expect(outcomes).toEqual(answered('new'))
    expect(log.at(-2)).toBe('p1 closed retired')
    expect(log.at(-1)).toBe('p2 connecting')
  })

  test('lets runaways have all processes but one', () => {
    const { ask, process, processes, pass } = warm({ max: 4 })
    for (let index = 0; index < 6; index += 1) ask(`endless${index}`)
    for (let round = 0; round < 10; round += 1) {
      pass(60)
      for (const each of processes.slice(2, 4)) each.events.ready()
    }
    expect(processes).toHaveLength(4)
    expect(processes.filter((each) => each.sent.length > 0)).toHaveLength(3)
    const quick = ask('quick1')
    const busy = processes.find((each) => each.names.includes('quick1'))
    busy?.answer()
    expect(quick.outcomes).toEqual(answered('quick1'))
    expect(process(0).isKilled).toBe(false)
  })
})

describe('limits', () => {
  test('a statement past its limit is ended with its process, and what was behind it is asked again', () => {
    const { ask, process, pass, log } = warm({ max: 1, acquisitionTimeoutMs: 60_000 })
    const head = ask('quick1', { timeoutMs: 300 })
    const behind = ask('quick2', { timeoutMs: 300 })
    pass(300)
    expect(head.outcomes).toEqual([{ kind: 'statement-timeout' }])
    expect(process(0).isKilled).toBe(true)
    expect(log).toContain('p0 closed statement timeout')
    process(1).events.ready()
    expect(process(1).names).toEqual(['quick2'])
    pass(295)
    expect(behind.outcomes).toEqual([])
    process(1).answer()
    expect(behind.outcomes).toEqual(answered('quick2'))
  })

  test('without a limit a statement may run', () => {
    const { ask, process, pass } = warm()
    ask('new')
    pass(60_000)
    expect(process(1).isKilled).toBe(false)
  })

  test('who finds no place in time is told so', () => {
    const { ask, pass, scheduler } = warm({ max: 1 })
    ask('new')
    const late = ask('quick1')
    pass(995)
    expect(late.outcomes).toEqual([])
    expect(scheduler.stats()).toEqual({ max: 1, available: 0, used: 1, waiting: 1 })
    pass(5)
    expect(late.outcomes).toEqual([{ kind: 'acquisition-timeout' }])
    expect(scheduler.stats().waiting).toBe(0)
  })
})

describe('a client that leaves', () => {
  test('gives up its place in the line', () => {
    const { ask, process, scheduler } = warm({ max: 1 })
    ask('new')
    const { job, outcomes } = ask('quick1')
    scheduler.abandon(job)
    expect(outcomes).toEqual([{ kind: 'cancelled' }])
    process(0).answer()
    expect(process(0).names).toEqual([])
  })

  test('has a query that runs on ended after a tenth of a second', () => {
    const { ask, process, scheduler, pass, log } = warm()
    const { job, outcomes } = ask('new')
    pass(50)
    scheduler.abandon(job)
    expect(outcomes).toEqual([{ kind: 'cancelled' }])
    pass(95)
    expect(process(1).isKilled).toBe(false)
    pass(5)
    expect(log).toContain('p1 closed client gone')
  })

  test('costs no process when the query ends by itself', () => {
    const { ask, process, scheduler, pass } = warm()
    const { job } = ask('new')
    scheduler.abandon(job)
    pass(50)
    process(1).answer(50_000)
    pass(500)
    expect(process(1).isKilled).toBe(false)
  })

  test('costs no process while it stood behind another one', () => {
    const { ask, process, scheduler, pass } = warm()
    ask('quick1')
    const { job, outcomes } = ask('quick2')
    scheduler.abandon(job)
    pass(5)
    process(0).answer()
    process(0).answer()
    expect(outcomes).toEqual([{ kind: 'cancelled' }])
    expect(process(0).isKilled).toBe(false)
  })
})

describe('a process that ends', () => {
  test('has everything in it asked again', () => {
    const { ask, process } = warm()
    const asked = ['quick1', 'quick2', 'quick3'].map((name) => ask(name))
    process(0).events.ended('by SIGKILL')
    // the one that ran may have been the reason: it is asked alone
    expect(process(1).names).toEqual(['quick2', 'quick3'])
    process(2).events.ready()
    expect(process(2).names).toEqual(['quick1'])
    for (const index of [1, 1, 2]) process(index).answer()
    expect(asked.map(({ outcomes }) => outcomes)).toEqual(
      ['quick1', 'quick2', 'quick3'].map(answered),
    )
  })

  test('fails the request that brings down three', () => {
    const { ask, processes } = warm()
    const { outcomes } = ask('crash')
    for (let losses = 0; losses < 3; losses += 1) {
      const victim = processes.find((each) => !each.isKilled && each.names.includes('crash'))
      victim?.events.ended('by SIGSEGV')
      processes.at(-1)?.events.ready()
    }
    expect(outcomes).toEqual([{ kind: 'lost', cause: 'by SIGSEGV' }])
  })

  test('answers to something else is broken, and no answer of it is used', () => {
    const { ask, process } = warm()
    const { outcomes } = ask('quick1')
    process(0).events.replied(999, 50, 'answer to nothing')
    expect(process(0).isKilled).toBe(true)
    expect(outcomes).toEqual([])
    expect(process(1).names).toEqual(['quick1'])
  })

  test('leaves those that waited for what its statement costs to another probe', () => {
    const { ask, process } = warm()
    ask('new1')
    const second = ask('new2')
    process(1).events.ended('by SIGKILL')
    process(0).answer()
    expect(process(0).names).toEqual(['new2'])
    process(0).answer()
    expect(second.outcomes).toEqual(answered('new2'))
  })

  test('at its start is followed by another after a pause, for those that wait', () => {
    const { scheduler, processes, process, ask, pass } = play({ acquisitionTimeoutMs: 5000 })
    scheduler.warmUp()
    process(0).events.ready()
    ask('new')
    process(1).events.ended('out of memory')
    const waiting = ask('other')
    pass(995)
    expect(processes).toHaveLength(2)
    pass(5)
    process(2).events.ready()
    expect(process(2).names).toEqual(['other'])
    process(2).answer()
    expect(waiting.outcomes).toEqual(answered('other'))
  })

  test('at its start, where there is no other, fails at once what waits and what comes', () => {
    const { process, processes, ask } = play()
    const first = ask('new')
    process(0).events.ended('out of memory')
    const second = ask('new')
    const lost = [{ kind: 'lost', cause: 'out of memory' }]
    expect([first.outcomes, second.outcomes]).toEqual([lost, lost])
    expect(processes).toHaveLength(1)
  })
})

describe('a reload', () => {
  test('has a process beyond the most when all are held up, which is not kept', () => {
    const { ask, process, processes, pass, log } = warm({ max: 1 })
    ask('endless')
    pass(50)
    const reload = ask('catalog', { isControl: true })
    expect(processes).toHaveLength(2)
    process(1).events.ready()
    expect(process(1).names).toEqual(['catalog'])
    process(1).answer(5000)
    expect(reload.outcomes).toEqual(answered('catalog'))
    expect(log.at(-1)).toBe('p1 closed retired')
  })

  test('waits for as long as it must', () => {
    const { ask, process, processes, pass } = warm({ max: 1, acquisitionTimeoutMs: 100 })
    ask('endless')
    const reload = ask('catalog', { isControl: true })
    pass(5000)
    expect(reload.outcomes).toEqual([])
    expect(processes).toHaveLength(2)
    process(1).events.ready()
    process(1).answer()
    expect(reload.outcomes).toEqual(answered('catalog'))
  })

  test('has the only process emptied for it where that answers', () => {
    const { ask, process, processes } = warm({ max: 1 })
    ask('quick1')
    ask('catalog', { isControl: true })
    ask('quick2')
    process(0).answer()
    expect(process(0).names).toEqual(['catalog'])
    expect(processes).toHaveLength(1)
  })
})

describe('the number of processes', () => {
  test('is looked after only while there is something to look at', () => {
    const { ask, process, scheduler, pass } = warm()
    expect(scheduler.nextLookMs()).toBeNull()
    ask('quick1')
    expect(scheduler.nextLookMs()).toBe(5)
    process(0).answer()
    pass(5)
    expect(scheduler.nextLookMs()).toBeNull()
  })

  test('goes back to those that are kept when others were idle for long', () => {
    const { ask, process, scheduler, pass, log } = warm({ maxIdleMs: 1000 })
    ask('new1')
    ask('other1')
    pass(10)
    process(2).events.ready()
    process(0).answer(20_000)
    process(1).answer(20_000)
    expect(scheduler.nextLookMs()).toBe(1000)
    pass(1000)
    expect(log.filter((line) => line.endsWith('closed idle'))).toHaveLength(1)
    expect(scheduler.nextLookMs()).toBeNull()
  })

  test('one past its lifetime is replaced when it is idle', () => {
    const { ask, process, processes, pass, log } = warm({ maxLifetimeMs: 100 })
    ask('quick1')
    pass(5)
    process(0).answer()
    expect(log).not.toContain('p0 closed retired')
    pass(200)
    ask('quick2')
    process(0).answer()
    expect(log).toContain('p0 closed retired')
    expect(processes).toHaveLength(3)
  })
})

describe('close', () => {
  test('ends every process and everything that was asked, and starts nothing', () => {
    const { ask, scheduler, processes } = warm({ max: 1 })
    const asked = ['new1', 'new2', 'quick1'].map((name) => ask(name))
    scheduler.close()
    expect(asked.map(({ outcomes }) => outcomes)).toEqual(Array(3).fill([{ kind: 'cancelled' }]))
    expect(processes.every((each) => each.isKilled)).toBe(true)
    expect(ask('quick2').outcomes).toEqual([{ kind: 'cancelled' }])
    for (const each of processes) each.events.ended('by SIGKILL')
    expect(processes).toHaveLength(1)
  })
})
