import { describe, expect, test } from 'vitest'
import { type ClaimPath, compileClaimPath } from '../../../../src/config/claims/claim-path.ts'

function compiled(text: string): ClaimPath {
  const result = compileClaimPath(text)
  if (!result.ok) throw new Error(result.error)
  return result.value
}

const realm = { realm_access: { roles: ['other', 'author'] } }

describe('JSONPath', () => {
  test.each<[string, unknown, string | null]>([
    ['$.role', { role: 'author' }, 'author'],
    ['$.postgrest.a_role', { postgrest: { a_role: 'author' }, other: 'claims' }, 'author'],
    ['$.custom.many[1]', { custom: { many: ['other', 'author'] } }, 'author'],
    [
      '$["https://www.example.com/roles"][0].value',
      { 'https://www.example.com/roles': [{ value: 'author' }] },
      'author',
    ],
    [
      "$['https://www.example.com/role'].key",
      { 'https://www.example.com/role': { key: 'author' } },
      'author',
    ],
    ['$.myDomain[3]', { myDomain: ['other', 'author'] }, null],
    ['$.myRole', { role: 'author' }, null],
    ['$.realm_access.roles[?(@ == "author")]', realm, 'author'],
    ['$.realm_access.roles[?(@ != "other")]', realm, 'author'],
    ["$.realm_access.roles[?search(@, '^au')]", realm, 'author'],
    ["$.realm_access.roles[?search(@, '^x')]", realm, null],
    ['$.realm_access.roles[-1]', realm, 'author'],
    ['$..roles[0]', realm, 'other'],
    ['$.realm_access.roles[*]', realm, 'other'],
    ['$.aud', { aud: 'author' }, 'author'],
    ['$.aud[1]', { aud: ['author', 'other'] }, 'other'],
    ['$.role', {}, null],
    ['$.role', { role: 1 }, '1'],
    ['$.role', { role: true }, 'true'],
    ['$.role', { role: null }, 'null'],
    ['$.role', { role: ['a', 'b'] }, '["a","b"]'],
    ['$.role', { role: '' }, ''],
    ['$.__proto__', {}, null],
    ['$.__proto__', JSON.parse('{"__proto__":"author"}'), 'author'],
    ['$.toString', {}, null],
    ['$.a.b', { a: { b: { c: 1 } } }, '{"c":1}'],
    ['$.a.b', { a: ['b'] }, null],
    ['$.a.length', { a: ['b'] }, null],
    ['$.a.length', { a: 'text' }, null],
    ['$.a.b', { a: null }, null],
    ['$.a', 'text', null],
  ])('%s of %j is %j', (path, claims, role) => {
    expect(compiled(path).role(claims)).toBe(role)
  })

  test('is dumped and suggested as given', () => {
    expect(compiled('$.user[0].real_role')).toMatchObject({
      deprecated: false,
      dump: '$.user[0].real_role',
      suggestion: '$.user[0].real_role',
    })
  })
})

describe('the syntax before JSONPath', () => {
  test.each<[string, unknown, string | null]>([
    ['.postgrest.a_role', { postgrest: { a_role: 'author' } }, 'author'],
    ['.custom.many[1]', { custom: { many: ['other', 'author'] } }, 'author'],
    [
      '."https://www.example.com/roles"[0].value',
      { 'https://www.example.com/roles': [{ value: 'author' }] },
      'author',
    ],
    ['.myDomain[3]', { myDomain: ['other', 'author'] }, null],
    ['.myRole', { role: 'author' }, null],
    ['.realm_access.roles[?(@ == "author")]', realm, 'author'],
    ['.realm_access.roles[?(@ != "other")]', realm, 'author'],
    ['.realm_access.roles[?(@ ^== "au")]', realm, 'author'],
    ['.realm_access.roles[?(@ ==^ "hor")]', realm, 'author'],
    ['.realm_access.roles[?(@ *== "tho")]', realm, 'author'],
    ['.realm_access.roles[?(@*=="tho")]', realm, 'author'],
    ['.realm_access.roles[?(@ == "string")]', { realm_access: { roles: [{ a: 'b' }] } }, null],
    ['.realm_access.roles[?(@ != "x")]', { realm_access: { roles: [1, null, 'y'] } }, 'y'],
    ['[0].role', [{ role: 'author' }], 'author'],
    ['.role[0]', { role: 'text' }, null],
    ['.a.b', { a: [1] }, null],
    ['.role', { role: 7 }, '7'],
    ['.constructor', {}, null],
    ['.ключ_1@$', { 'ключ_1@$': 'author' }, 'author'],
  ])('%s of %j is %j', (path, claims, role) => {
    expect(compiled(path)).toMatchObject({ deprecated: true })
    expect(compiled(path).role(claims)).toBe(role)
  })

  test.each([
    ['.roles[?(@ == "role1")]', '."roles"[?(@ == "role1")]', "$.roles[?(@ == 'role1')]"],
    ['.roles[?(@ != "role1")]', '."roles"[?(@ != "role1")]', "$.roles[?(@ != 'role1')]"],
    [
      '.roles[?(@ ^== "r.1")]',
      '."roles"[?(@ ^== "r.1")]',
      String.raw`$.roles[?search(@, '^r\\.1')]`,
    ],
    ['.roles[?(@ ==^ "le1")]', '."roles"[?(@ ==^ "le1")]', "$.roles[?search(@, 'le1$')]"],
    ['.roles[?(@ *== "ol")]', '."roles"[?(@ *== "ol")]', "$.roles[?search(@, 'ol')]"],
    ['."a-b".roles[1]', '."a-b"."roles"[1]', "$['a-b'].roles[1]"],
    [`."it's"`, `."it's"`, String.raw`$['it\'s']`],
  ])('%s is dumped as %s, and %s is suggested', (path, dump, suggestion) => {
    expect(compiled(path)).toMatchObject({ dump, suggestion })
  })

  test.each([
    '.roles[?(@ ^== "r.1")]',
    '.roles[?(@ ==^ "1)")]',
    '.roles[?(@ *== "\\")]',
    `."it's"[0]`,
    '."a b"[0]',
  ])('%s finds the same as its suggestion', (path) => {
    const claims = { roles: ['x', 'rx1', 'r.1', '(1)', 'a\\b'], "it's": ['y'], 'a b': ['z'] }
    const old = compiled(path)
    expect(old.role(claims)).not.toBeNull()
    expect(compiled(old.suggestion).role(claims)).toBe(old.role(claims))
  })
})

test.each([
  'role.other',
  '.role##',
  '.my_role;;domain',
  '$.my_role;;domain',
  '@@.role.other',
  '1234',
  '.role[?(@ =)]',
  '.#$$%&$%/',
  '',
  '.',
  '.role[',
  '.role[x]',
  '.roles[?(@ == "a")].b',
  '$.role ',
  '$.roles[?nope(@)]',
  '$.roles[?search(@)]',
])('refuses %j', (path) => {
  expect(compileClaimPath(path)).toEqual({
    ok: false,
    error: `failed to parse role-claim-key value (${path})`,
  })
})
