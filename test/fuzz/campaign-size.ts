/**
 * How much is played: a slice with a deadline in every run, what the environment says by hand.
 */

export interface CampaignSize {
  readonly requests: number
  readonly seed: number
  readonly deadlineMs: number
}

/**
 * Units  `FUZZ_REQUESTS` is a number of requests, `FUZZ_SEED` any number; seconds of the slice
 */
export function campaignSize(sliceSeconds: number): CampaignSize {
  const byHand = process.env['FUZZ_REQUESTS']
  const seed = Number(process.env['FUZZ_SEED'] ?? 1)
  return byHand === undefined
    ? { requests: 100_000, seed, deadlineMs: sliceSeconds * 1000 }
    : { requests: Number(byHand), seed, deadlineMs: Number.POSITIVE_INFINITY }
}
