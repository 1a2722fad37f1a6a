/**
 * The pages for users, played: what they tell a reader to type in is typed in, and what they show is
 * what is answered. Two files of tests take one half each, so that they are played side by side.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readDocsPage } from './docs-page.ts'
import { playDocsPage, whatIsMissing } from './play-docs-page.ts'

const root = join(import.meta.dirname, '..', '..')

/** Declares the tests of every second page, from the first (0) or the second (1) one on. */
export function testDocsPages(half: 0 | 1): void {
  const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
    .filter((path) => path.endsWith('.md'))
    .toSorted()
    .filter((_, index) => index % 2 === half)

  describe.each(pages)('%s', (path) => {
    const page = readDocsPage(readFileSync(join(root, path), 'utf8'))

    test('has examples that are played or checked, or says why not', () => {
      expect(page.problems).toEqual([])
    })

    test.skipIf(page.actions.length === 0)(
      'tells the truth',
      { timeout: 400_000 },
      async (context) => {
        const missing = whatIsMissing(page)
        if (missing !== null) {
          console.warn(`SKIPPED: ${path} is not played, ${missing} is not here`)
          context.skip()
        }
        await playDocsPage(path, page)
      },
    )
  })
}
