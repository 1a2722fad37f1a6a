/**
 * Two lists → how the second one is made of the first: runs of its members that stay, and what comes
 * between them. For sending a list to who has the first. Members are the same where they are equal in
 * depth, so that lists which a load has made anew are known again; what is found in another place is
 * known by identity alone.
 */
import { isSame } from '../core/is-same.ts'
import type { Steps } from '../core/run-in-slices.ts'

export type Run =
  /** Members of the first list, from one place to before another one. */
  | { readonly kind: 'keep'; readonly from: number; readonly to: number }
  | { readonly kind: 'add'; readonly items: readonly unknown[] }

/** Members between two rests. */
const stride = 64

/** Members that may have gone in a row before what follows is looked for by identity. */
const reach = 32

type Growing =
  | { readonly kind: 'keep'; readonly from: number; to: number }
  | { readonly kind: 'add'; readonly items: unknown[] }

export function* listRuns(
  previous: readonly unknown[],
  next: readonly unknown[],
): Steps<readonly Run[]> {
  const runs: Growing[] = []
  let places: ReadonlyMap<unknown, number> | null = null
  /** The place that the next member is expected at. */
  let expected = 0
  for (const [at, item] of next.entries()) {
    let place: number | undefined = isAt(previous, expected, item) ? expected : undefined
    if (place === undefined) {
      places ??= yield* placesOf(previous)
      place = places.get(item) ?? placeAhead(previous, expected, item)
    }
    const run = runs.at(-1)
    if (place === undefined) {
      if (run?.kind === 'add') run.items.push(item)
      else runs.push({ kind: 'add', items: [item] })
    } else {
      if (run?.kind === 'keep' && run.to === place) run.to = place + 1
      else runs.push({ kind: 'keep', from: place, to: place + 1 })
      expected = place + 1
    }
    if (at % stride === stride - 1) yield
  }
  return runs
}

function isAt(list: readonly unknown[], place: number, item: unknown): boolean {
  return place < list.length && isSame(list[place], item)
}

function* placesOf(list: readonly unknown[]): Steps<ReadonlyMap<unknown, number>> {
  const places = new Map<unknown, number>()
  for (const [place, item] of list.entries()) {
    places.set(item, place)
    if (place % 1024 === 1023) yield
  }
  return places
}

function placeAhead(list: readonly unknown[], from: number, item: unknown): number | undefined {
  for (let place = from + 1; place <= from + reach; place += 1) {
    if (isAt(list, place, item)) return place
  }
  return undefined
}
