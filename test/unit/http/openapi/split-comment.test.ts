import { expect, test } from 'vitest'
import { splitComment } from '../../../../src/http/openapi/split-comment.ts'

test.each([
  ['one line', 'one line', undefined],
  ['summary\ndetails', 'summary', 'details'],
  ['summary\n\ndetails that\nspan lines\n', 'summary', 'details that\nspan lines\n'],
  ['summary\n\n', 'summary', undefined],
  ['\nsecond line', '', 'second line'],
  ['', '', undefined],
])('%j has the summary %j and the description %j', (comment, summary, description) => {
  expect(splitComment(comment)).toEqual({ summary, description })
})
