/**
 * Something asked of many collections, a few at a time: in less time than one after the other, and
 * without taking the server from those whom it serves.
 */

const width = 8

/** In the order of `items`. Rejects with the first failure, and asks for nothing more then. */
export async function readInParallel<T, U>(
  items: readonly T[],
  read: (item: T) => Promise<U>,
): Promise<readonly U[]> {
  const results: U[] = []
  const left = items.entries()
  let hasFailed = false

  async function work(): Promise<void> {
    for (const [index, item] of left) {
      if (hasFailed) return
      try {
        results[index] = await read(item)
      } catch (failure) {
        hasFailed = true
        throw failure
      }
    }
  }

  await Promise.all(Array.from({ length: width }, work))
  return results
}
