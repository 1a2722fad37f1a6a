/** Long work in slices of the process's own event loop: what came meanwhile is served in between. */
import { performance } from 'node:perf_hooks'
import { nextTurn } from './next-turn.ts'
import type { SliceDeps } from './run-in-slices.ts'

export const eventLoopSlices: SliceDeps = {
  pause: nextTurn,
  now: () => performance.now(),
}
