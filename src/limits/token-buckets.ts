/**
 * Which client may send another request now: a bucket of tokens for each, which fills with time. A
 * bucket is one number, the moment at which it is full again; one that is full is the same as none, so
 * that clients can be forgotten. Those that came last are kept.
 */
import { LRUCache } from 'lru-cache'

export interface BucketSize {
  /** Tokens that come back in a second. */
  readonly rateLimitRps: number
  /** Tokens in a full bucket. */
  readonly rateLimitBurst: number
}

export interface Allowance {
  /** Tokens in a full bucket. */
  readonly limit: number
  /** Whole tokens that are left. */
  readonly remaining: number
  /** Null: there was a token. Else milliseconds until there is one. */
  readonly retryInMs: number | null
}

/** 1: takes a token; 0: looks. */
export type TokenCost = 0 | 1

export type SpendToken = (key: string, cost: TokenCost, size: BucketSize) => Allowance

/** Buckets kept: about 20 MB at most. */
const mostClients = 100_000

/** `now`: milliseconds, monotonic. */
export function createTokenBuckets(
  now: () => number,
  { maxClients = mostClients }: { readonly maxClients?: number } = {},
): SpendToken {
  /** Takes its memory when it is made: not before a limit is asked for. */
  let fullAt: LRUCache<string, number> | null = null

  return (key, cost, { rateLimitRps, rateLimitBurst }) => {
    fullAt ??= new LRUCache({ max: maxClients })
    const tokenMs = 1000 / rateLimitRps
    const at = now()
    const owedMs = Math.max((fullAt.get(key) ?? 0) - at, 0)
    // a bucket from before the options changed lacks no more than all of its tokens
    const lackingMs = Math.min(owedMs, rateLimitBurst * tokenMs)
    if (lackingMs < owedMs) fullAt.set(key, at + lackingMs)
    const tokens = rateLimitBurst - lackingMs / tokenMs
    // sums of fractions may miss a whole token by a hair
    const whole = Math.floor(tokens + 1e-6)
    if (whole < cost) {
      const retryInMs = (1 - tokens) * tokenMs
      return { limit: rateLimitBurst, remaining: 0, retryInMs }
    }
    if (cost === 1) fullAt.set(key, at + lackingMs + tokenMs)
    return { limit: rateLimitBurst, remaining: whole - cost, retryInMs: null }
  }
}
