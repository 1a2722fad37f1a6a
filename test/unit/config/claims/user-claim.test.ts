import { expect, test } from 'vitest'
import { compileUserClaim } from '../../../../src/config/claims/user-claim.ts'

test.each<[unknown, string | null]>([
  ['ann', 'ann'],
  [7, '7'],
  [0, '0'],
  [false, 'false'],
  [['a', 'b'], '["a","b"]'],
  ['null', 'null'],
  ['', null],
  [null, null],
  [undefined, null],
])('the user %j is %j, however the claim is named', (sub, user) => {
  for (const text of ['sub', '$.sub', '$["sub"]']) {
    const compiled = compileUserClaim(text)
    if (!compiled.ok) throw new Error(compiled.error)
    expect(compiled.value(sub === undefined ? {} : { sub })).toBe(user)
  }
})

test('a name that is a method of objects names nobody', () => {
  for (const text of ['toString', '$.toString']) {
    const compiled = compileUserClaim(text)
    if (!compiled.ok) throw new Error(compiled.error)
    expect(compiled.value({})).toBeNull()
  }
})
