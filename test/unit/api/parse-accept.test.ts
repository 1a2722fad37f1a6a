import { expect, test } from 'vitest'
import { parseAccept } from '../../../src/api/parse-accept.ts'
import { printMediaType } from '../../../src/core/media-type.ts'

test.each([
  [undefined, ['*/*']],
  ['application/json', ['application/json']],
  ['text/csv, application/json', ['text/csv', 'application/json']],
  ['text/csv;q=0.5, application/json', ['application/json', 'text/csv']],
  ['text/csv; q=0.5, application/json; q=0.8', ['application/json', 'text/csv']],
  ['*/*, text/csv', ['text/csv', '*/*']],
  [
    'text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8',
    ['text/html', 'application/xhtml+xml', 'application/xml', '*/*'],
  ],
  ['text/csv;q=x, text/xml;q=0.9', ['text/csv', 'text/xml']],
  ['text/csv;q=0', ['text/csv']],
  [
    'application/vnd.pgrst.plan+json; for="text/csv"; options=analyze|wal',
    ['application/vnd.pgrst.plan+json; for="text/csv"; options=analyze|wal'],
  ],
  // parameters make a type more specific than one without
  [
    'application/json, application/vnd.pgrst.object+json;nulls=stripped',
    ['application/vnd.pgrst.object+json;nulls=stripped', 'application/json'],
  ],
])('%s', (header, types) => {
  expect(parseAccept(header).map(printMediaType)).toEqual(types)
})
