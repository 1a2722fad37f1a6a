import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { documentOptions } from '../../../src/config/document-options.ts'
import { optionKeys, options } from '../../../src/config/options.ts'

const page = documentOptions()

test('the page in docs is what the table gives (node scripts/generate-docs.js)', () => {
  const written = new URL('../../../docs/configuration.md', import.meta.url)
  expect(readFileSync(written, 'utf8')).toBe(page)
})

test('has a section for every option that is shown', () => {
  for (const key of optionKeys) {
    const { name, isHidden } = options[key]
    expect(page.includes(`\n### \`${name}\`\n`)).toBe(!isHidden)
  }
})

test('says the defaults of each engine where they differ', () => {
  expect(page).toContain('PostgreSQL `"public"`, SQLite `"main"`')
  expect(page).toContain(
    '| Default | `500` on SQLite; `0` on MongoDB with change streams; else `2000` |',
  )
})
