/**
 * The dashboard of a shop that is at work, as it looks on a desk and on a phone, in light and in dark:
 * nothing is cut off or overflows. With `DASHBOARD_IMAGES` naming a folder it leaves the pictures there
 * that `docs/dashboard.md` shows.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { browserForAll, chromiumPath } from '../support/browser.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { serveForAll } from '../support/test-server.ts'

const folder = process.env['DASHBOARD_IMAGES']
const patience = { timeout: 80_000 }

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(`
    create type order_state as enum ('open', 'paid', 'sent', 'returned');
    create table countries (code char(2) primary key, name text not null);
    create table customers (id bigint generated always as identity primary key, name text not null,
      email text, country char(2) references countries, joined timestamptz not null default now());
    create table addresses (id bigint generated always as identity primary key,
      customer bigint not null references customers, street text, city text, country char(2) references countries);
    create table suppliers (id bigint generated always as identity primary key, name text not null);
    create table categories (id int primary key, name text not null, parent int references categories);
    create table products (id bigint generated always as identity primary key, sku text unique not null,
      name text not null, price numeric(10, 2) not null default 0, category int references categories,
      supplier bigint references suppliers);
    create table orders (id bigint generated always as identity primary key,
      customer bigint not null references customers, ship_to bigint references addresses,
      state order_state not null default 'open', note text, created_at timestamptz not null default now());
    create table order_items (order_id bigint references orders, product bigint references products,
      quantity int not null default 1 check (quantity > 0), price numeric(10, 2) not null,
      primary key (order_id, product));
    create table invoices (id bigint generated always as identity primary key,
      order_id bigint not null unique references orders, total numeric(10, 2) not null, paid_at timestamptz);
    create table reviews (customer bigint references customers, product bigint references products,
      stars smallint not null, text text, primary key (customer, product));
    create table stock (product bigint references products, place text, amount int not null default 0,
      primary key (product, place));
    create view open_orders as select * from orders where state = 'open';
    create function total_of(orders) returns numeric stable language sql as
      'select sum(quantity * price) from order_items where order_id = $1.id';
    comment on table orders is 'What customers have ordered, with its state and where it goes.';
    create schema archive`)
})
afterAll(() => database?.drop())

const server = serveForAll(() => ({
  env: { ...database.env, DBREST_DB_SCHEMAS: 'public,archive', DBREST_LOG_LEVEL: 'error' },
}))
const open = browserForAll()

/** A day in the life of the schema. */
async function work(): Promise<void> {
  const { url, adminUrl } = server()
  const ended = (word: string) =>
    eventually(
      async () => (await ask(`${adminUrl}/reloads`)).text,
      (text) => expect(text).toContain(word),
    )
  await askUntil(200, `${adminUrl}/ready`)
  await database.query(
    "create table coupons (code text primary key, percent int); notify pgrst, 'reload schema'",
  )
  await ended('public.coupons')
  await database.query(
    'create table returns (id bigint primary key, order_id bigint references orders)',
  )
  await ask(`${url}/returns?select=id,orders(note)`)
  await database.query("drop schema archive; notify pgrst, 'reload schema'")
  await ended('"failed"')
  await database.query("create schema archive; notify pgrst, 'reload schema'")
  await askUntil(200, `${adminUrl}/ready`)
  await ask(`${adminUrl}/reload`, { method: 'POST' })
  await database.query(`
    begin;
    alter table orders add column gift boolean not null default false;
    alter table orders alter column note set default '';
    alter table products alter column price type numeric(12, 2);
    alter table customers drop column email;
    alter table stock drop constraint stock_pkey, add primary key (product, place, amount);
    create table parcels (id bigint primary key, order_id bigint references orders, weight numeric);
    notify pgrst, 'reload schema';
    commit`)
  await ended('public.parcels')
}

/** Requests, some of them at once, until the page has lines to draw. */
async function traffic(page: Page): Promise<void> {
  const { url } = server()
  let isDone = false
  onTestFinished(() => {
    isDone = true
  })
  const clients = Array.from({ length: 4 }, async (_, client) => {
    for (let at = 0; !isDone; at += 1) {
      await ask(
        `${url}/orders?select=id,state,customers(name)&limit=${1 + ((at * 7 + client) % 50)}`,
      )
      // a wave, for the eye
      const pauseMs = 10 + 9 * (1 + Math.sin(at / 40))
      await page.waitForTimeout(pauseMs)
    }
  })
  await page.waitForTimeout(folder === undefined ? 2500 : 14_000)
  isDone = true
  await Promise.all(clients)
}

describe.skipIf(chromiumPath === undefined)('the dashboard of a shop', () => {
  beforeAll(async () => {
    if (folder !== undefined) mkdirSync(folder, { recursive: true })
    await work()
  })

  test.each([
    ['wide', 'light', 1280],
    ['wide', 'dark', 1280],
    ['narrow', 'light', 360],
    ['narrow', 'dark', 360],
  ] as const)('fits, %s and %s', { timeout: 240_000 }, async (size, scheme, width) => {
    const { page, problems } = await open(server().adminUrl, { width, scheme, height: 780 })
    await page.getByRole('button', { name: /^orders / }).click(patience)
    await page.getByRole('heading', { name: 'orders' }).waitFor(patience)
    await traffic(page)
    const entry = page.locator('.entry', { hasText: 'public.parcels' }).first()
    await entry.locator('summary').click()
    expect(await entry.locator('.diff li').count()).toBeGreaterThan(6)
    const overflowing = await page.evaluate<readonly string[]>(`
      [...document.querySelectorAll('body *')]
        .filter((each) => each.getBoundingClientRect().right > innerWidth + 0.5)
        .filter((each) => each.closest('.scroll, .visually-hidden') === null)
        .map((each) => each.outerHTML.slice(0, 200))`)
    expect(overflowing).toEqual([])
    expect(problems).toEqual([])
    if (folder === undefined) return
    const path = (part: string) => join(folder, `dashboard-${size}-${scheme}${part}.png`)
    await page.evaluate('scrollTo(0, 0)')
    await page.mouse.move(0, 0)
    await page.screenshot({ path: path('-whole'), fullPage: true })
    if (scheme === 'light') {
      await page.setViewportSize({ width, height: size === 'wide' ? 1180 : 1420 })
      await page.screenshot({ path: path('') })
    } else {
      // of the whole page, since its head would stand in front of a part
      const clip = await page
        .locator('section', { has: page.locator('#schema-title') })
        .boundingBox()
      if (clip === null) throw new Error('there is no schema on the page')
      const height = Math.min(clip.height, 1420)
      await page.screenshot({ path: path(''), fullPage: true, clip: { ...clip, height } })
    }
  })
})
