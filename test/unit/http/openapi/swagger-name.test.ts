import { expect, test } from 'vitest'
import { pathSegment, reference } from '../../../../src/http/openapi/swagger-name.ts'

test.each([
  ['films', '#/definitions/films'],
  ['Order Details', '#/definitions/Order%20Details'],
  ['a/b~c', '#/definitions/a~1b~0c'],
  ['50%#1', '#/definitions/50%25%231'],
  ['映画', '#/definitions/%E6%98%A0%E7%94%BB'],
])('the reference to %j is %s', (name, ref) => {
  expect(reference('definitions', name)).toEqual({ $ref: ref })
})

test.each([
  ['films', 'films'],
  ['Order Details', 'Order%20Details'],
  ['a/b', 'a%2Fb'],
  ['{id}', '%7Bid%7D'],
  ['50%?#', '50%25%3F%23'],
  ['映画', '映画'],
  ["it's-(x)_y.z", "it's-(x)_y.z"],
])('the segment of %j is %s', (name, segment) => {
  expect(pathSegment(name)).toBe(segment)
  expect(decodeURIComponent(segment)).toBe(name)
})
