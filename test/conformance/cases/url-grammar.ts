/**
 * Names and values with characters that mean something in a URL or to the grammar.
 */
import { type ConformanceCase, get } from '../conformance-case.ts'

const unicode = 'PostgREST docs: url_grammar (Unicode support)'
const spaces = 'PostgREST docs: url_grammar (Table / Columns with spaces)'
const reserved = 'PostgREST docs: url_grammar (Reserved characters)'

export const urlGrammarCases: readonly ConformanceCase[] = [
  {
    name: 'url/names-beyond-ascii',
    rule: unicode,
    request: get('/%E6%98%A0%E7%94%BB?order=%E7%95%AA%E5%8F%B7'),
    expect: {
      status: 200,
      body: [
        { 番号: 1, 題名: '生きる' },
        { 番号: 2, 題名: '東京物語' },
      ],
    },
  },
  {
    name: 'url/names-beyond-ascii-in-headers',
    rule: unicode,
    source: 'RFC 9110 section 8.7, where v16.2 sends the bytes of the name as they are',
    request: get('/%E6%98%A0%E7%94%BB?limit=0'),
    expect: {
      status: 200,
      headers: { 'content-location': '/%E6%98%A0%E7%94%BB?limit=0' },
      body: [],
    },
  },
  {
    name: 'url/columns-and-values-beyond-ascii',
    rule: unicode,
    request: get(
      '/%E6%98%A0%E7%94%BB?select=%E9%A1%8C%E5%90%8D&%E9%A1%8C%E5%90%8D=eq.%E7%94%9F%E3%81%8D%E3%82%8B',
    ),
    expect: { status: 200, body: [{ 題名: '生きる' }] },
  },
  {
    name: 'url/tables-and-columns-with-blanks',
    rule: spaces,
    request: get('/Box%20Office?select=Film%20Id&Film%20Id=lt.4'),
    expect: { status: 200, body: [{ 'Film Id': 1 }] },
  },
  {
    name: 'url/a-plus-is-a-blank-in-the-query',
    rule: spaces,
    source: 'RFC 1866 section 8.2.1; v16.2 source: QueryParams',
    request: get('/Box%20Office?select=Film+Id&Film+Id=eq.4'),
    expect: { status: 200, body: [{ 'Film Id': 4 }] },
  },
  {
    name: 'url/quoted-columns-of-a-filter',
    rule: reserved,
    request: get('/Box%20Office?select=%22Film%20Id%22&%22week.one%22=gt.1'),
    expect: { status: 200, body: [{ 'Film Id': 4 }] },
  },
  {
    name: 'url/quoted-columns-of-a-selection',
    rule: reserved,
    source: 'v16.2 spec: QuerySpec (PostgREST reserved characters)',
    request: get(
      '/Box%20Office?select=%22Gross,%20worldwide%22,%22week.one%22,%22:note%22,%22(paren)%22&%22Film%20Id%22=eq.1',
    ),
    expect: {
      status: 200,
      body: [{ 'Gross, worldwide': 79.75, 'week.one': 0.5, ':note': 'limited', '(paren)': 'one' }],
    },
  },
  {
    name: 'url/quoted-columns-of-an-order',
    rule: reserved,
    request: get('/Box%20Office?select=f:%22Film%20Id%22&order=%22Gross,%20worldwide%22.desc'),
    expect: { status: 200, body: [{ f: 4 }, { f: 1 }] },
  },
  {
    name: 'url/quoted-columns-of-a-logic-tree',
    rule: reserved,
    request: get(
      '/Box%20Office?select=f:%22Film%20Id%22&or=(%22week.one%22.gt.1,%22:note%22.eq.limited)&order=Film%20Id',
    ),
    expect: { status: 200, body: [{ f: 1 }, { f: 4 }] },
  },
  {
    name: 'url/a-dollar-needs-no-quotes',
    rule: reserved,
    source: 'v16.2 spec: QuerySpec (dollars in)',
    request: get('/Box%20Office?select=do$llar&do$llar=eq.100'),
    expect: { status: 200, body: [{ do$llar: 100 }] },
  },
  {
    name: 'url/an-embed-of-a-quoted-name',
    rule: reserved,
    needs: 'embedding',
    request: get('/films?select=id,box:Box%20Office(%22week.one%22)&id=eq.4'),
    expect: { status: 200, body: [{ id: 4, box: { 'week.one': 41.5 } }] },
  },
  {
    name: 'url/quoted-values-of-a-list',
    rule: reserved,
    request: get(
      '/billings?select=id&printed=in.(%22Welles,%20Orson%22,%22Agent%20(007)%22)&order=id',
    ),
    expect: { status: 200, body: [{ id: 1 }, { id: 3 }] },
  },
  {
    name: 'url/a-quote-inside-quotes-is-escaped',
    rule: reserved,
    request: get('/billings?select=id&printed=in.(%22Edward%20%5C%22Duke%5C%22%20E.%22)'),
    expect: { status: 200, body: [{ id: 4 }] },
  },
  {
    name: 'url/a-backslash-inside-quotes-is-doubled',
    rule: reserved,
    request: get('/billings?select=id&printed=in.(%22back%5C%5Cslash%22)'),
    expect: { status: 200, body: [{ id: 5 }] },
  },
  {
    name: 'url/a-backslash-without-quotes-is-itself',
    rule: reserved,
    source: 'v16.2 spec: QuerySpec (accepts backslashes as values)',
    request: get('/billings?select=id&printed=in.(back%5Cslash)'),
    expect: { status: 200, body: [{ id: 5 }] },
  },
  {
    name: 'url/a-value-outside-a-list-needs-no-quotes',
    rule: reserved,
    request: get('/billings?select=id&printed=eq.Welles,%20Orson'),
    expect: { status: 200, body: [{ id: 1 }] },
  },
  {
    name: 'url/quotes-around-such-a-value-are-part-of-it',
    rule: reserved,
    source: 'v16.2 source: QueryParams (pOpExpr)',
    request: get('/billings?select=id&printed=eq.%22Welles,%20Orson%22'),
    expect: { status: 200, body: [] },
  },
]
