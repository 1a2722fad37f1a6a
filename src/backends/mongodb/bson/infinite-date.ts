/**
 * The infinities of PostgreSQL's `timestamp with time zone` as operands: the first and the last moment
 * of BSON, whose 64 bits go far beyond a JavaScript `Date`.
 */
class InfiniteDate extends Date {
  readonly #ms: number

  constructor(sign: 1 | -1) {
    super(sign * 8.64e15)
    this.#ms = sign * Number.POSITIVE_INFINITY
  }

  /** What the driver asks for when it encodes a date; it sends the closest 64-bit integer. */
  override getTime(): number {
    return this.#ms
  }
}

/** Before, or after, every other date. */
export function infiniteDate(sign: 1 | -1): Date {
  return new InfiniteDate(sign)
}
