/**
 * What may be done with a relation or a function, told by OPTIONS.
 */
import type { ConformanceCase } from '../conformance-case.ts'

const rule = 'PostgREST docs: options (OPTIONS method)'
const all = 'OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE'
const unwritten = {
  status: 200,
  headers: { allow: 'OPTIONS,GET,HEAD' },
  reason: 'methods that would be refused are left out',
}
const triggers = { engine: 'postgres', reason: 'the fixtures have its triggers only' } as const

export const optionsCases: readonly ConformanceCase[] = [
  {
    name: 'options/of-a-table',
    rule,
    request: { method: 'OPTIONS', target: '/films' },
    expect: {
      status: 200,
      headers: { allow: all, 'content-length': '0', 'access-control-allow-origin': '*' },
      text: '',
    },
  },
  {
    name: 'options/of-a-table-without-a-key',
    rule,
    only: triggers,
    request: { method: 'OPTIONS', target: '/notes' },
    expect: { status: 200, headers: { allow: 'OPTIONS,GET,HEAD,POST,PATCH,DELETE' }, text: '' },
  },
  {
    name: 'options/of-a-partitioned-table',
    rule,
    source: 'v16.2 spec: OptionsSpec',
    only: { engine: 'postgres', reason: 'partitioned tables' },
    request: { method: 'OPTIONS', target: '/box_office' },
    expect: { status: 200, headers: { allow: all }, text: '' },
  },
  {
    name: 'options/of-a-view-that-updates-by-itself',
    rule,
    request: { method: 'OPTIONS', target: '/recent_films' },
    expect: { status: 200, headers: { allow: all }, text: '' },
    differs: {
      sqlite: { ...unwritten, reason: 'a view is written to through INSTEAD OF triggers only' },
      mongodb: { ...unwritten, reason: 'views are not written to' },
    },
  },
  {
    name: 'options/of-such-a-view-without-the-key',
    rule,
    source: 'v16.2 spec: OptionsSpec (auto updatable views without pk)',
    only: triggers,
    request: { method: 'OPTIONS', target: '/films_without_key' },
    expect: { status: 200, headers: { allow: 'OPTIONS,GET,HEAD,POST,PATCH,DELETE' }, text: '' },
  },
  {
    name: 'options/of-a-view-that-cannot-be-written-to',
    rule,
    request: { method: 'OPTIONS', target: '/yearly_counts' },
    expect: { status: 200, headers: { allow: 'OPTIONS,GET,HEAD' }, text: '' },
  },
  {
    name: 'options/of-a-view-with-an-insert-trigger',
    rule,
    source: 'v16.2 spec: OptionsSpec',
    only: triggers,
    request: { method: 'OPTIONS', target: '/yearly_inserts' },
    expect: { status: 200, headers: { allow: 'OPTIONS,GET,HEAD,POST' }, text: '' },
  },
  {
    name: 'options/of-a-view-with-an-update-trigger',
    rule,
    source: 'v16.2 spec: OptionsSpec',
    only: triggers,
    request: { method: 'OPTIONS', target: '/yearly_updates' },
    expect: { status: 200, headers: { allow: 'OPTIONS,GET,HEAD,PATCH' }, text: '' },
  },
  {
    name: 'options/of-a-view-with-a-delete-trigger',
    rule,
    source: 'v16.2 spec: OptionsSpec',
    only: triggers,
    request: { method: 'OPTIONS', target: '/yearly_deletes' },
    expect: { status: 200, headers: { allow: 'OPTIONS,GET,HEAD,DELETE' }, text: '' },
  },
  {
    name: 'options/of-a-relation-that-is-not-there',
    rule,
    source: 'v16.2 spec: OptionsSpec (404 for an unknown table)',
    request: { method: 'OPTIONS', target: '/nowhere' },
    expect: { status: 404, code: 'PGRST205' },
  },
  {
    name: 'options/of-the-root',
    rule,
    source: 'v16.2 spec: OptionsSpec (root endpoint)',
    request: { method: 'OPTIONS', target: '/' },
    expect: { status: 200, headers: { allow: 'OPTIONS,GET,HEAD' }, text: '' },
  },
  {
    name: 'options/of-a-volatile-function',
    rule,
    needs: 'functions',
    request: { method: 'OPTIONS', target: '/rpc/forget_notes' },
    expect: { status: 200, headers: { allow: 'OPTIONS,POST' }, text: '' },
  },
  {
    name: 'options/of-a-stable-function',
    rule,
    needs: 'functions',
    request: { method: 'OPTIONS', target: '/rpc/film_years' },
    expect: { status: 200, headers: { allow: 'OPTIONS,GET,HEAD,POST' }, text: '' },
  },
]
