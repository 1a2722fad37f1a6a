/**
 * The tests of a campaign against one engine: a slice in every run, more by hand.
 *
 *   DIFFERENTIAL_REQUESTS=20000 DIFFERENTIAL_SEED=7 npx vitest run test/differential/sqlite.test.ts
 */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JudgedEngine } from './engine.ts'
import { type Campaign, openCampaign } from './play-campaign.ts'

const seed = Number(process.env['DIFFERENTIAL_SEED'] ?? 1)

/** `slice`: how many requests are played in every run; `pages`: where differences are documented. */
export function testCampaign(
  engine: JudgedEngine,
  { slice, pages }: { readonly slice: number; readonly pages: readonly string[] },
): void {
  const requests = Number(process.env['DIFFERENTIAL_REQUESTS'] ?? slice)
  let campaign: Campaign

  beforeAll(async () => {
    campaign = await openCampaign(engine)
  })

  afterAll(() => campaign.stop())

  test('every known difference is documented', async () => {
    const texts = await Promise.all(pages.map((page) => readFile(`docs/${page}.md`, 'utf8')))
    const text = texts.join('\n').replace(/\s+/g, ' ')
    const missing = engine.knownDifferences.filter(({ documented }) => !text.includes(documented))
    expect(missing.map(({ name }) => name)).toEqual([])
  })

  test(`requests from seed ${seed}`, { timeout: 3_600_000 }, async () => {
    const { unexplained, statuses, explained } = await campaign.play(requests, seed)
    if (process.env['DIFFERENTIAL_REQUESTS'] !== undefined) {
      console.log(requests, 'requests', [...statuses], 'explained', [...explained])
    }
    expect(unexplained.length, unexplained.slice(0, 60).join('\n')).toBe(0)
    // a generator whose requests were all refused would compare nothing
    const taken = [...statuses].filter(([status]) => /2..$/.test(status))
    expect(taken.reduce((sum, [, each]) => sum + each, 0)).toBeGreaterThan(requests / 3)
  })
}
