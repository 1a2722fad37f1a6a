/**
 * A real browser for tests of the dashboard: the system's Chromium, which `.ci/run` installs where it
 * can. Where there is none the tests are skipped, and say so aloud.
 */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'

const places = [
  process.env['TEST_CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** Undefined: there is none here. */
export const chromiumPath = places.find((path) => path !== '' && existsSync(path))

if (chromiumPath === undefined) {
  console.warn(
    'SKIPPED: the tests of the dashboard need a browser. Install Debian’s chromium, or name one in TEST_CHROMIUM.',
  )
}

export interface ContextTraits {
  readonly scheme?: 'light' | 'dark'
  readonly width?: number
  readonly height?: number
  readonly reducedMotion?: boolean
}

export interface OpenPage {
  readonly page: Page
  readonly context: BrowserContext
  /** What the console said at the levels of warnings and errors, and exceptions. */
  readonly problems: readonly string[]
}

/** A browser of all tests of a file. */
export function browserForAll(): (url: string, traits?: ContextTraits) => Promise<OpenPage> {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (chromiumPath === undefined) return
    // root, as which containers of tests run, has no sandbox
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
  })
  afterAll(() => browser?.close())
  return async (
    url,
    { scheme = 'light', width = 1280, height = 900, reducedMotion = false } = {},
  ) => {
    if (browser === undefined) throw new Error('there is no browser')
    const context = await browser.newContext({
      colorScheme: scheme,
      viewport: { width, height },
      reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
      deviceScaleFactor: width < 500 ? 2 : 1,
      locale: 'en-GB',
    })
    onTestFinished(() => context.close())
    // milliseconds, of what is told no other; they end a test that fails
    context.setDefaultTimeout(80_000)
    const page = await context.newPage()
    const problems: string[] = []
    page.on('console', (message) => {
      if (['warning', 'error'].includes(message.type())) problems.push(message.text())
    })
    page.on('pageerror', (failure) => problems.push(failure.message))
    await page.goto(url)
    return { page, context, problems }
  }
}
