/**
 * Which process a job may have. Pure: it reads what the processes are doing, and changes nothing.
 *
 * quick     shares a process with others, the fullest one with a place: batches are what is fast
 * unknown   runs alone in an idle process
 * slow      runs alone, and leaves one process to those that are quick
 * long      the same, even where slow ones may take the last one
 */
import type { CostClass } from './statement-costs.ts'

export interface Place {
  readonly inFlight: number
  readonly isIdle: boolean
  /** What is quick is answered soon. */
  readonly isOpen: boolean
  readonly hasPlace: boolean
  readonly isOverdue: boolean
}

export interface ExclusiveJob {
  readonly cost: CostClass
  readonly isControl: boolean
}

export interface PlacementLimits {
  /** `db-pool` */
  readonly max: number
  /** Another process is started, or is about to be. */
  readonly isMoreComing: boolean
}

export function fullestWithPlace<P extends Place>(places: Iterable<P>): P | undefined {
  let fullest: P | undefined
  for (const place of places) {
    if (place.hasPlace && place.inFlight > (fullest?.inFlight ?? -1)) fullest = place
  }
  return fullest
}

/** The idle one that was started last: the first ones have the warmest caches, for those that share. */
export function idleFor<P extends Place>(
  job: ExclusiveJob,
  places: readonly P[],
  limits: PlacementLimits,
): P | undefined {
  return places.findLast((place) => place.isIdle && mayTake(job, place, places, limits))
}

/** Where nobody is idle: the one to be emptied, so that a job can have it alone. */
export function toDrain<P extends Place>(
  job: ExclusiveJob,
  places: readonly P[],
  limits: PlacementLimits,
): P | undefined {
  if (limits.isMoreComing || places.some((place) => place.isIdle)) return undefined
  const [emptiest] = places
    .filter((place) => place.isOpen && mayTake(job, place, places, limits))
    .sort((one, other) => one.inFlight - other.inFlight)
  return emptiest
}

function mayTake(
  { cost, isControl }: ExclusiveJob,
  place: Place,
  places: readonly Place[],
  { max, isMoreComing }: PlacementLimits,
): boolean {
  if (cost === 'unknown' || isControl || max === 1) return true
  const others = places.filter((each) => each !== place)
  if (others.some((other) => other.isOpen)) return true
  // long ones could keep everybody from the last one for as long as they please
  if (cost === 'long' || isMoreComing) return false
  // another one that runs something slow will have a place soon
  return others.every((other) => other.isOverdue)
}
