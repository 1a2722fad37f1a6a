import { expect, test } from 'vitest'
import { listChanges } from '../../../../src/schema/incremental/list-changes.ts'

test.each([
  ['abc', 'abc', '', ''],
  ['', 'abc', '', 'abc'],
  ['abc', '', 'abc', ''],
  ['abc', 'axc', 'b', 'x'],
  ['abc', 'ac', 'b', ''],
  ['ac', 'abc', '', 'b'],
  ['abcdefgh', 'xbcdefgy', 'ah', 'xy'],
  ['abcdefgh', 'bcdefghx', 'a', 'x'],
  ['abcdefgh', 'xyabcdegh', 'f', 'xy'],
])('from %j to %j: gone %j, fresh %j', (before, after, gone, fresh) => {
  const changes = listChanges([...before], [...after])
  expect([changes.gone.join(''), changes.fresh.join('')]).toEqual([gone, fresh])
})

test.each([
  ['abc', 'cba'],
  ['abcdefghijkl', 'lkjihgfedcba'],
  ['abcdefghijklmnop', 'baxcdefghijklmno'],
  ['abcdefghijkl', 'bcdefghijkal'],
])('from %j to %j: what stays stands in one order in both', (before, after) => {
  const { gone, fresh } = listChanges([...before], [...after])
  const stays = [...before].filter((member) => !gone.includes(member))
  expect([...after].filter((member) => !fresh.includes(member))).toEqual(stays)
})
