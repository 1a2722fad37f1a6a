/**
 * For how long requests hold the event loop of a server's main process: the server is started with
 * loop-monitor.js, which measures, and this reads what it found. A report and no test, since
 * milliseconds are the machine's as well; by hand, `FUZZ_LOOP_MS` makes it one.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One time round the loop. */
export interface LoopTurn {
  /** Milliseconds of processor time. */
  readonly ms: number
  /** Its number, method and target: the one that most of the turn was for, where that is known. */
  readonly request?: string
}

export interface LoopWatch {
  /** For `startServer`. */
  readonly nodeArguments: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The longest turns since the first request with a number, longest first. */
  turns(): readonly LoopTurn[]
  /** Those beyond `FUZZ_LOOP_MS`; without it none. */
  tooLong(): readonly LoopTurn[]
  drop(): void
}

/** The header by which a request tells its number. */
export const requestNumber = 'x-request-number'

/** Milliseconds; NaN: the loop is only reported on, since nothing is greater. */
const limitMs = Number(process.env['FUZZ_LOOP_MS'] ?? Number.NaN)

/** Whether the figures are what a run is for. */
export const isByHand = !Number.isNaN(limitMs)

/** A turn serves all that is ready: few connections tell one request from many. */
export function connectionsFor(usual: number): number {
  return isByHand ? 4 : usual
}

function isTurn(value: unknown): value is LoopTurn {
  return (
    typeof value === 'object' && value !== null && 'ms' in value && typeof value.ms === 'number'
  )
}

export function watchLoop(): LoopWatch {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-loop-'))
  const path = join(folder, 'turns.json')
  const turns = (): readonly LoopTurn[] => {
    const found: unknown = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : []
    return Array.isArray(found) ? found.filter(isTurn) : []
  }
  return {
    nodeArguments: ['--import', join(import.meta.dirname, 'loop-monitor.js')],
    env: { LOOP_REPORT: path },
    turns,
    tooLong: () => turns().filter(({ ms }) => ms > limitMs),
    drop: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export function printTurns(turns: readonly LoopTurn[], most = 10): string {
  const lines = turns
    .slice(0, most)
    .map(({ ms, request }) => `    ${ms.toFixed(0)} ms  ${request ?? 'several'}`)
  return ['  the event loop was held longest for', ...lines].join('\n')
}
