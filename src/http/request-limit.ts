/**
 * One request and the budget that it is taken from: that of its token's user, or else of its address.
 * What is left of it stands in the headers of the answer, whichever that is.
 *
 * A token that is not valid is nobody's: its request is counted by address, or wrong tokens would be
 * a way around the limit.
 */
import type { Config } from '../config/config.ts'
import type { Header } from '../core/http-exchange.ts'
import type { ApiError } from '../errors/api-error.ts'
import { addressKey } from '../limits/client-address.ts'
import type { Allowance, BucketSize, TokenCost } from '../limits/token-buckets.ts'
import type { Observe } from '../observe/observation.ts'

/** Where the buckets are: in this process, or in the one that counts for several. */
export type AskForToken = (
  key: string,
  cost: TokenCost,
  size: BucketSize,
) => Allowance | Promise<Allowance>

export class RequestLimit {
  readonly #ask: AskForToken
  readonly #address: string
  readonly #config: Config
  readonly #observe: Observe
  #allowance: Allowance | null = null

  constructor(ask: AskForToken, address: string, config: Config, observe: Observe) {
    this.#ask = ask
    this.#address = address
    this.#config = config
    this.#observe = observe
  }

  /** Counts the request. Errors  rate-limited; null: it may go on */
  async pass(user: string | undefined): Promise<ApiError | null> {
    const { rateLimitBurst: burst, rateLimitRps: rps } = this.#config
    const key = user === undefined ? this.#addressKey() : `user ${user}`
    const allowance = await this.#ask(key, 1, this.#config)
    this.#allowance = allowance
    const { retryInMs } = allowance
    if (retryInMs === null) return null
    this.#observe({ kind: 'rate-limited', client: user === undefined ? 'address' : 'user' })
    return { kind: 'rate-limited', retryInMs, burst, rps }
  }

  /** Of an answer that was not counted they say what is left to the address. */
  async headers(): Promise<readonly Header[]> {
    this.#allowance ??= await this.#ask(this.#addressKey(), 0, this.#config)
    const { limit, remaining } = this.#allowance
    return [
      ['X-RateLimit-Limit', String(limit)],
      ['X-RateLimit-Remaining', String(remaining)],
    ]
  }

  #addressKey(): string {
    return addressKey(this.#address)
  }
}
