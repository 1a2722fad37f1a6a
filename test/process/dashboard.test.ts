/**
 * The dashboard in a real browser, against the real server: what an operator sees while the schema
 * changes, when a reload fails, and when the server goes and comes back.
 */
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { browserForAll, chromiumPath, type OpenPage } from '../support/browser.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { freePort } from '../support/postgres.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'
import { registerSecret } from '../support/trace.ts'

/** Milliseconds. Long: they end a test that fails. */
const patience = { timeout: 80_000 }

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(`
    create table directors (id int primary key, name text not null);
    create table films (id int primary key, title text, director int references directors);
    create view old_films as select * from films;`)
})
afterAll(() => database?.drop())

const open = browserForAll()

async function readyServer(env: Readonly<Record<string, string>> = {}) {
  const server = await serve({ env: { ...database.env, ...env } })
  await askUntil(200, `${server.adminUrl}/ready`)
  return server
}

/** Waits until the page is live and shows the schema. */
async function untilShown({ page }: Pick<OpenPage, 'page'>): Promise<void> {
  await page.locator('.link[data-state=live]').waitFor(patience)
  await page.locator('.relation h3').waitFor(patience)
  await page.locator('.tile-value').first().waitFor(patience)
}

const entry = (page: Page, text: string) => page.locator('.entry', { hasText: text }).first()

describe.skipIf(chromiumPath === undefined)('the dashboard', { timeout: 240_000 }, () => {
  test('says that the API is fresh and why, and shows sources and schema', async () => {
    const server = await readyServer()
    const opened = await open(server.adminUrl)
    await untilShown(opened)
    const { page, problems } = opened
    await page.getByText('The API is fresh').waitFor(patience)
    expect(await page.locator('#why').textContent()).toContain('NOTIFY')
    expect(await page.locator('#sources').textContent()).toContain('last proof')
    expect(await page.locator('#relations').textContent()).toContain('films')
    expect(await page.locator('#engine').textContent()).toMatch(/^PostgreSQL \d+/)
    expect(problems).toEqual([])
  })

  test('shows its workers, other servers, strict mode and the schema mark', async () => {
    const server = await readyServer({ DBREST_SERVER_WORKERS: '2' })
    const other = await readyServer()
    // each says something when it has begun to listen, or has looked
    await eventually(
      async () => (await ask(`${server.adminUrl}/health`)).body,
      (health) => expect(health).toMatchObject({ fleet: { others: 1 } }),
    )
    const { page, problems } = await open(server.adminUrl)
    const row = (name: string) => page.locator('#server div', { hasText: name })
    await row('Workers').getByText('2 of 2 answer').waitFor(patience)
    await row('Other servers').getByText('1 heard').waitFor(patience)
    await row('Strict mode').getByText('off').waitFor(patience)
    await row('Schema mark').getByText('not installed').waitFor(patience)
    expect(problems).toEqual([])
    await other.stop()
  })

  test('tells that strict mode refuses everything without its mark', async () => {
    const server = await serve({ env: { ...database.env, DBREST_DB_SCHEMA_STRICT: 'true' } })
    const { page, problems } = await open(server.adminUrl)
    await page.getByRole('heading', { name: 'Strict mode refuses all requests' }).waitFor(patience)
    const strict = page.locator('#server div', { hasText: 'Strict mode' })
    await strict.getByText('refuses all requests').waitFor(patience)
    await page.getByText('dbrest schema-mark install puts one in').waitFor(patience)
    expect(problems).toEqual([])
  })

  test('shows types and defaults whole on a phone', async () => {
    await database.query(
      'create table if not exists wide (at timestamp with time zone default now(), code uuid default gen_random_uuid())',
    )
    const server = await readyServer()
    const { page } = await open(server.adminUrl, { width: 390 })
    await page.getByRole('button', { name: /^wide / }).click(patience)
    const cell = page.getByRole('cell', { name: 'timestamp with time zone' })
    await cell.waitFor(patience)
    const fits = await page.evaluate<boolean>(
      "[...document.querySelectorAll('.scroll')].every((each) => each.scrollWidth <= each.clientWidth)",
    )
    expect(fits).toBe(true)
  })

  test('shows a change when it happens, with what was before and what is now', async () => {
    const server = await readyServer()
    const opened = await open(server.adminUrl)
    await untilShown(opened)
    const { page, problems } = opened
    await database.query(
      "alter table films add column live_note text; alter table films alter column title set not null; notify pgrst, 'reload schema'",
    )
    const change = entry(page, 'films.live_note')
    await change.waitFor(patience)
    await change.locator('summary').click()
    const diff = await change.locator('.diff').textContent()
    expect(diff).toContain('public.films.live_note')
    expect(diff).toContain('public.films.title column, null')
    expect(await change.locator('del').first().textContent()).toBe('allowed')
    await page.getByRole('button', { name: /^films / }).click()
    await page.getByRole('row', { name: /live_note/ }).waitFor(patience)
    expect(problems).toEqual([])
  })

  test('reloads at a press of its button, and says how that ended', async () => {
    const server = await readyServer()
    const opened = await open(server.adminUrl)
    await untilShown(opened)
    const { page } = opened
    const button = page.getByRole('button', { name: 'Reload schema' })
    await button.click()
    await page.getByText(/^Read again in .*: nothing had changed$/).waitFor(patience)
    await entry(page, 'By POST /reload').waitFor(patience)
    // nothing but the button can tell of it
    await database.query('create table by_button (id int)')
    await button.click()
    await page.getByText(/^(Published schema|Read again)/).waitFor(patience)
    await page.locator('#relations', { hasText: 'by_button' }).waitFor(patience)
  })

  test('shows a reload that failed, with its cause, and that the old schema is served', async () => {
    await database.query('create schema vanishing')
    const server = await readyServer({ DBREST_DB_SCHEMAS: 'public,vanishing' })
    const opened = await open(server.adminUrl)
    await untilShown(opened)
    const { page, problems } = opened
    await database.query("drop schema vanishing; notify pgrst, 'reload schema'")
    await entry(page, 'Failed').waitFor(patience)
    expect(await entry(page, 'Failed').locator('.entry-cause').textContent()).toContain('vanishing')
    await page.getByText('The new schema could not be loaded').waitFor(patience)
    await database.query("create schema vanishing; notify pgrst, 'reload schema'")
    await page.getByText('The API is fresh').waitFor(patience)
    expect(problems).toEqual([])
  })

  test('is there while the database is not', async () => {
    const uri = `postgresql://nobody@127.0.0.1:${await freePort()}/nothing`
    const server = await serve({ env: { DBREST_DB_URI: uri } })
    const { page, problems } = await open(server.adminUrl)
    await page.getByText(/The database does not answer|There is no schema yet/).waitFor(patience)
    await entry(page, 'Failed').waitFor(patience)
    expect(problems.filter((text) => !text.includes('503'))).toEqual([])
  })

  test('says that the server is gone, and goes on when it is back', async () => {
    const [port, adminPort] = [await freePort(), await freePort()]
    const env = { DBREST_SERVER_PORT: `${port}`, DBREST_ADMIN_SERVER_PORT: `${adminPort}` }
    const first = await readyServer(env)
    const opened = await open(first.adminUrl)
    await untilShown(opened)
    const { page } = opened
    await ask(`${first.adminUrl}/reload`, { method: 'POST' })
    await entry(page, 'By POST /reload').waitFor(patience)
    await first.stop()
    await page.getByText('The server does not answer').waitFor(patience)
    await readyServer(env)
    await page.getByText('The API is fresh').waitFor(patience)
    // the history is that of the new process
    await page
      .locator('.entry', { hasText: 'By POST /reload' })
      .waitFor({ ...patience, state: 'detached' })
    await entry(page, 'By the start of the server').waitFor(patience)
  })

  test('shows what a hostile schema is named as text, and does nothing of it', async () => {
    const names = [
      '<img src=x onerror=alert(1)>',
      '</script><script>alert(2)</script>',
      'javascript:alert(3)',
    ]
    const quoted = names.map((name) => `"${name}"`)
    await database.query(
      `${quoted.map((name) => `create table ${name} (${name} int primary key); comment on table ${name} is '<b onclick=alert(4)>bold</b>';`).join('')} notify pgrst`,
    )
    const server = await readyServer()
    const opened = await open(server.adminUrl)
    const { page, problems } = opened
    page.on('dialog', () => {
      throw new Error('a name of the schema ran')
    })
    await untilShown(opened)
    await database.query(`alter table ${quoted[0]} add column ${quoted[1]} int; notify pgrst`)
    await entry(page, '<img src=x onerror=alert(1)>').waitFor(patience)
    await entry(page, '<img src=x onerror=alert(1)>').locator('summary').click()
    await page.getByRole('button', { name: /^<img src=x/ }).click()
    await page.getByRole('heading', { name: '<img src=x onerror=alert(1)>' }).waitFor(patience)
    await page.getByText('<b onclick=alert(4)>bold</b>').waitFor(patience)
    // the drawing of the brand is the only picture
    expect(await page.locator('img').count()).toBe(1)
    expect(await page.locator('script').count()).toBe(1)
    expect(await page.locator('[onclick], [onerror]').count()).toBe(0)
    expect(problems).toEqual([])
    await database.query(quoted.map((name) => `drop table ${name};`).join(''))
  })

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('has no barrier that axe knows of, in %s at %i pixels', async (scheme, width) => {
    await database.query('drop table if exists seen_by_axe; create table seen_by_axe (id int)')
    const server = await readyServer()
    const opened = await open(server.adminUrl, { scheme, width, height: 800 })
    await untilShown(opened)
    const { page, problems } = opened
    await database.query(
      "alter table seen_by_axe add column more text; notify pgrst, 'reload schema'",
    )
    await entry(page, 'seen_by_axe').waitFor(patience)
    await entry(page, 'seen_by_axe').locator('summary').click()
    await page.getByRole('button', { name: /^films / }).click()
    await page.getByRole('heading', { name: 'films' }).waitFor(patience)
    // by the debugger, which the page's policy does not bind
    await page.evaluate(axe.source)
    const violations: readonly string[] = await page.evaluate(`
      axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(
        ({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join(' | ')))`)
    expect(violations).toEqual([])
    const overflow = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    expect(overflow).toBe(0)
    expect(problems).toEqual([])
  })

  test('finds its way among 2,000 relations, of which one is joined with all', async () => {
    const tables = Array.from(
      { length: 1999 },
      (_, at) => `create table t${at} (id integer primary key, hub integer references hub);`,
    )
    const file = createSqliteFile(`create table hub (id integer primary key); ${tables.join('')}`)
    onTestFinished(() => file.drop())
    const server = await serve({ args: [file.path] })
    const opened = await open(server.adminUrl)
    await untilShown(opened)
    const { page, problems } = opened
    await page.getByText('2,000 relations, 0 functions in main').waitFor(patience)
    // what is joined most is shown first, as far as there is room
    expect(await page.locator('.relations li').count()).toBe(50)
    await page.getByLabel('Search relations').fill('hub')
    await page.getByRole('button', { name: /^hub / }).click(patience)
    await page.getByRole('heading', { name: 'hub' }).waitFor(patience)
    expect(await page.locator('.map-box').count()).toBe(9)
    expect(await page.locator('.map-more').textContent()).toMatch(/^and \d+ more$/)
    expect(await page.locator('.links li').last().textContent()).toBe('and 1,499 more')
    await page.getByLabel('Search relations').fill('t1998')
    await page.getByRole('button', { name: /^t1998 / }).click(patience)
    await page.getByRole('heading', { name: 't1998' }).waitFor(patience)
    expect(await page.locator('.links').textContent()).toContain('main.hub')
    await page.getByLabel('Search relations').fill('')
    await page.getByRole('button', { name: 'Show more' }).click(patience)
    await page.locator('.relations li').nth(99).waitFor(patience)
    expect(problems).toEqual([])
  })

  test('is used by keyboard alone', async () => {
    const server = await readyServer()
    const opened = await open(server.adminUrl, { reducedMotion: true })
    await untilShown(opened)
    const { page } = opened
    const focused = () =>
      page.evaluate<string>('document.activeElement.id || document.activeElement.textContent')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('Skip to content')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('reload')
    await page.keyboard.press('Enter')
    await page.getByText(/^Read again in/).waitFor(patience)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.locator('.entry details[open]').count()).toBe(1)
    await page.locator('#search').focus()
    await page.keyboard.type('direct')
    await page.getByText('1 relation found').waitFor(patience)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'directors' }).waitFor(patience)
    await page.keyboard.press('ArrowUp')
    expect(await focused()).toBe('search')
  })

  test('asks for the token, keeps it in this tab alone, and never in a URL', async () => {
    const secret = 'token-of-the-dashboard'
    registerSecret(secret)
    const server = await readyServer({ DBREST_ADMIN_SERVER_TOKEN: secret })
    const { page, context } = await open(server.adminUrl)
    const urls: string[] = []
    page.on('request', (request) => urls.push(request.url()))
    await page.getByLabel('Admin token').fill('a wrong one')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('The server does not take this token.').waitFor(patience)
    await page.getByLabel('Admin token').fill(secret)
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('The API is fresh').waitFor(patience)
    await page.locator('.relation h3').waitFor(patience)
    await page.reload()
    await page.locator('.relation h3').waitFor(patience)
    expect(urls.filter((url) => url.includes(secret))).toEqual([])
    const other = await context.newPage()
    await other.goto(server.adminUrl)
    await other.getByLabel('Admin token').waitFor(patience)
  })
})

describe('the page', () => {
  test('is served under a policy that lets nothing else in', async () => {
    const server = await readyServer()
    const { status, headers, text } = await ask(server.adminUrl)
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
    expect(text).not.toMatch(/\son\w+=|style=|<script(?! type="module" src="dashboard\/)/)
    // of every file that the page or one of its modules names
    const wanted = new Set(
      [...text.matchAll(/"(dashboard\/[\w.-]+)"/g)].map(([, path]) => `/${path}`),
    )
    for (const path of wanted) {
      const file = await ask(`${server.adminUrl}${path}`)
      expect(file.status, path).toBe(200)
      for (const [, name] of file.text.matchAll(/from '\.\/([\w-]+\.js)'/g))
        wanted.add(`/dashboard/${name}`)
    }
    expect(wanted.size).toBeGreaterThan(8)
    for (const path of [
      '/dashboard/tsconfig.json',
      '/dashboard/../package.json',
      '/dashboard/',
      '/index.html',
    ]) {
      expect((await ask(`${server.adminUrl}${path}`)).status, path).toBe(404)
    }
  })

  test('is shown without the token, which guards all that it shows', async () => {
    const secret = 'token-beside-the-page'
    registerSecret(secret)
    const server = await readyServer({ DBREST_ADMIN_SERVER_TOKEN: secret })
    expect((await ask(server.adminUrl)).status).toBe(200)
    expect((await ask(`${server.adminUrl}/schema`)).status).toBe(401)
    const headers = { authorization: `Bearer ${secret}` }
    expect((await ask(`${server.adminUrl}/schema`, { headers })).status).toBe(200)
  })

  test('is not told to a name that was made to lead here, and can be switched off', async () => {
    const server = await readyServer({ DBREST_ADMIN_DASHBOARD: 'false' })
    expect((await ask(server.adminUrl)).status).toBe(404)
    expect((await ask(`${server.adminUrl}/dashboard/main.js`)).status).toBe(404)
    const other = await readyServer()
    const headers = { host: 'rebound.example.com' }
    expect(await ask(other.adminUrl, { headers })).toMatchObject({
      status: 403,
      body: { code: 'PGRSTX05' },
    })
  })
})
