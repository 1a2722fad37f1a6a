/**
 * The pages lead to each other: every relative link of a page leads to a file, and its anchor to a heading.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const folders = ['docs', 'examples', 'deploy', 'docker', '.github']
const top = readdirSync(root)
const pages = [
  ...top,
  ...folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
      join(folder, path),
    ),
  ),
].filter((path) => path.endsWith('.md') && !path.includes('node_modules'))

/** A page without its code, in which brackets mean something else. */
function proseOf(path: string): string {
  const text = readFileSync(join(root, path), 'utf8')
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, (code) => {
    return code.replaceAll(/[[\]]/g, ' ')
  })
}

interface Link {
  readonly target: string
  readonly anchor: string | null
}

/** Those that lead to files of the checkout. */
function linksOf(path: string): readonly Link[] {
  return [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : relative(root, join(root, dirname(path), file))
      return { target, anchor: anchor ?? null }
    })
}

/** The anchors that GitHub gives to headings. */
function anchorsOf(path: string): ReadonlySet<string> {
  const text = readFileSync(join(root, path), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '')
  const found = new Map<string, number>()
  const anchors = [...text.matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading = '']) => {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-')
    const times = found.get(slug) ?? 0
    found.set(slug, times + 1)
    return times === 0 ? slug : `${slug}-${times}`
  })
  const named = [...text.matchAll(/<a (?:id|name)="([^"]+)">/g)].map(([, name = '']) => name)
  return new Set([...anchors, ...named])
}

const linked = pages.map((path) => ({ path, links: linksOf(path) }))

test('the pages are found', () => {
  expect(pages).toEqual(
    expect.arrayContaining(['README.md', 'docs/README.md', 'docs/reload.md', 'deploy/README.md']),
  )
  expect(linked.flatMap(({ links }) => links).length).toBeGreaterThan(50)
})

test('anchors are made as GitHub makes them', () => {
  expect([...anchorsOf('docs/reload.md')]).toContain('what-you-can-rely-on')
  expect([...anchorsOf('docs/errors.md')]).toContain('pgrst205')
  expect([...anchorsOf('docs/configuration.md')]).toContain('appsettings')
})

describe.each(linked)('the links of $path', ({ links }) => {
  test('lead to files that are there', () => {
    const lost = links.filter(({ target }) => !existsSync(join(root, target)))
    expect(lost).toEqual([])
  })

  test('lead to headings that are there', () => {
    const lost = links.filter(
      ({ target, anchor }) =>
        anchor !== null &&
        target.endsWith('.md') &&
        existsSync(join(root, target)) &&
        !anchorsOf(target).has(anchor),
    )
    expect(lost).toEqual([])
  })
})
