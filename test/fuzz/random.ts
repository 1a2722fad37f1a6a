/**
 * Random choices that a seed and an index repeat exactly: a request that failed is made again from
 * the two numbers that the report gives, whatever was played before or beside it.
 */

export interface Random {
  /** From `min` to `max`, both included. */
  int(min: number, max: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** One of the makers, each as often as its weight says. */
  oneOf<T>(weighted: readonly (readonly [weight: number, make: () => T])[]): T
  /** `min` to `max` results. */
  times<T>(min: number, max: number, make: (index: number) => T): readonly T[]
  /** Some members in any order, none twice. */
  some<T>(list: readonly T[], max: number): readonly T[]
}

/** mulberry32: small, fast, and good enough to choose test data with. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export function createRandom(seed: number, index = 0): Random {
  const next = generator(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))

  function pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error('nothing to pick from')
    return list[int(0, list.length - 1)] as T
  }

  return {
    int,
    chance: (probability) => next() < probability,
    pick,
    oneOf(weighted) {
      const total = weighted.reduce((sum, [weight]) => sum + weight, 0)
      let left = next() * total
      for (const [weight, make] of weighted) {
        left -= weight
        if (left < 0) return make()
      }
      return pick(weighted)[1]()
    },
    times: (min, max, make) => Array.from({ length: int(min, max) }, (_, index) => make(index)),
    some(list, max) {
      const left = [...list]
      const chosen = []
      for (let wanted = int(0, Math.min(max, left.length)); wanted > 0; wanted -= 1) {
        chosen.push(...left.splice(int(0, left.length - 1), 1))
      }
      return chosen
    },
  }
}
