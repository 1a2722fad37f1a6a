/** `policy-registry` read strictly: what is right is understood, what is wrong is told with its place. */
import { describe, expect, test } from 'vitest'
import { parsePredicate } from '../../../src/access/parse-predicate.ts'
import { readPolicyRegistry } from '../../../src/access/read-policy-registry.ts'

function problemsOf(registry: unknown): readonly string[] {
  const read = readPolicyRegistry(JSON.stringify(registry))
  return read.ok ? [] : read.error
}

const grant = { role: 'clerk', relation: 'orders', actions: ['select'] }
const policy = { name: 'own', role: 'clerk', relation: 'orders', using: 'id=eq.1' }

test('an empty registry says that nothing is granted', () => {
  expect(readPolicyRegistry('{}')).toEqual({
    ok: true,
    value: { roles: new Map(), grants: [], policies: [] },
  })
})

test('reads roles, grants and policies', () => {
  const read = readPolicyRegistry(
    JSON.stringify({
      roles: { clerk: { inherits: ['staff'] }, auditor: { bypassPolicies: true } },
      grants: [
        { ...grant, columns: ['id', 'status'] },
        { role: ['a', 'b'], function: 'orders_of' },
      ],
      policies: [
        { ...policy, actions: ['select', 'update'], with_check: 'id=eq.2' },
        {
          ...policy,
          actions: 'insert',
          using: undefined,
          with_check: 'id=eq.3',
          restrictive: true,
        },
      ],
    }),
  )
  expect(read.ok && read.value).toMatchObject({
    roles: new Map([
      ['clerk', { inherits: ['staff'], bypassPolicies: false }],
      ['auditor', { inherits: [], bypassPolicies: true }],
    ]),
    grants: [
      {
        kind: 'relation',
        roles: ['clerk'],
        relations: ['orders'],
        actions: ['select'],
        columns: ['id', 'status'],
      },
      { kind: 'function', roles: ['a', 'b'], functions: ['orders_of'] },
    ],
    policies: [
      {
        using: { operands: [{ kind: 'one', part: { kind: 'text', text: '1' } }] },
        check: { operands: [{ kind: 'one', part: { kind: 'text', text: '2' } }] },
        restrictive: false,
      },
      { using: null, check: { operands: [{ part: { text: '3' } }] }, restrictive: true },
    ],
  })
})

test('using is the check where there is none', () => {
  const read = readPolicyRegistry(JSON.stringify({ policies: [policy] }))
  expect(read.ok && read.value.policies[0]?.check).toEqual(read.ok && read.value.policies[0]?.using)
})

describe('what is wrong', () => {
  test.each([
    [{ grant: [] }, '$.grant is not known: known are roles, grants, policies'],
    [{ grants: [{ ...grant, actions: ['selct'] }] }, /^\$\.grants\[0\]\.actions\[0\] is "selct"/],
    [{ grants: [{ ...grant, actions: undefined }] }, '$.grants[0] has no actions'],
    [{ grants: [{ role: 'a' }] }, '$.grants[0] should have either relation or function'],
    [{ grants: [{ ...grant, function: 'f' }] }, /either relation or function$/],
    [{ grants: [{ role: 'a', function: 'f', actions: 'select' }] }, /which a function has not$/],
    [{ grants: [{ ...grant, actions: ['delete'], columns: ['id'] }] }, /delete is granted/],
    [{ roles: { a: { inherit: [] } } }, /^\$\.roles\.a\.inherit is not known/],
    [{ roles: { public: {} } }, '$.roles has public, which is everybody and no role'],
    [
      { roles: { a: { inherits: ['b'] }, b: { inherits: ['c'] }, c: { inherits: ['b'] } } },
      '$.roles["b"].inherits leads back to b',
    ],
    [{ roles: { a: { inherits: ['a'] } } }, '$.roles["a"].inherits leads back to a'],
    [{ policies: [{ ...policy, using: undefined }] }, '$.policies[0] has no using'],
    [{ policies: [{ ...policy, actions: 'insert' }] }, /new rows have with_check only$/],
    [
      { policies: [{ ...policy, actions: 'insert', using: undefined }] },
      '$.policies[0] has no with_check',
    ],
    [
      { policies: [{ ...policy, actions: ['select'], with_check: 'id=eq.1' }] },
      /has with_check, but writes no rows$/,
    ],
    [{ policies: [{ ...policy, check: 'id=eq.1' }] }, /^\$\.policies\[0\]\.check is not known/],
  ])('%j', (registry, problem) => {
    const problems = problemsOf(registry)
    if (typeof problem === 'string') expect(problems).toContain(problem)
    else expect(problems).toContainEqual(expect.stringMatching(problem))
  })

  test.each([
    ['', /^\$\.policies\[0\]\.using is "", it should be a text$/],
    ['id', /"id" has no condition$/],
    ['id=1', /\$\.policies\[0\]\.using: "failed to parse filter \(1\)"/],
    ['id=in.(1,2)3', /unexpected '3'/],
    ['or=(a.eq.1) or b', /unexpected/],
    ['id=eq.1&select=id', /"select" is no filter$/],
    ['id=eq.1&order=id', /"order" is no filter$/],
    ['a.limit=1', /"a\.limit" is no filter$/],
    ['id=eq.{{claims}}', /^\$\.policies\[0\]\.using: \{\{claims\}\} is no template/],
    ['id=eq.{{headers.x}}', /is no template/],
    ['id=eq.{{claims.a', /a template is \{\{ and \}\} around a name$/],
    ['id=eq.x{{claims.a}}', /whole operand, or the whole list of in$/],
    ['id=in.({{claims.a}}x)', /whole operand/],
    ['{{claims.a}}=eq.1', /failed to parse filter \(\{\{claims\.a\}\}\)/],
    ['id={{claims.a}}', /failed to parse filter \(\{\{claims\.a\}\}\)/],
    ['id=is.{{claims.a}}', /failed to parse filter/],
    ['id=in.{{role}}', /\{\{role\}\} is no list$/],
    ['data->{{claims.a}}=eq.1', /whole operand|failed to parse/],
    ['name=eq.in.{{claims.a}}', /whole operand|is no list|failed/],
    ['a=eq.\u{e000}0\u{e001}', /private use$/],
    ['name=eq.%ff', /not valid UTF-8/],
  ])('the predicate %s', (using, problem) => {
    expect(problemsOf({ policies: [{ ...policy, using }] })).toEqual([
      expect.stringMatching(problem),
    ])
  })
})

describe('templates become operands', () => {
  test.each([
    ['id=eq.{{claims.org.id}}', [{ kind: 'one', part: { kind: 'claim', path: ['org', 'id'] } }]],
    [
      'id=eq.{{ claims["https://x/y&z=1"].a["b]"] }}',
      [{ kind: 'one', part: { kind: 'claim', path: ['https://x/y&z=1', 'a', 'b]'] } }],
    ],
    ['id=not.eq.{{role}}', [{ kind: 'one', part: { kind: 'role' } }]],
    ['id=in.{{claims.ids}}', [{ kind: 'list', path: ['ids'] }]],
    [
      'id=not.in.(1,{{claims.id}},"a,b")',
      [
        {
          kind: 'many',
          parts: [
            { kind: 'text', text: '1' },
            { kind: 'claim', path: ['id'] },
            { kind: 'text', text: 'a,b' },
          ],
        },
      ],
    ],
    [
      'or=(a.eq.{{claims.a}},b.in.{{claims.b}},c.eq."x")',
      [
        { kind: 'one', part: { kind: 'claim', path: ['a'] } },
        { kind: 'list', path: ['b'] },
        { kind: 'one', part: { kind: 'text', text: 'x' } },
      ],
    ],
    ['name=eq.M%C3%BCller', [{ kind: 'one', part: { kind: 'text', text: 'Müller' } }]],
    ['name=eq.Müller', [{ kind: 'one', part: { kind: 'text', text: 'Müller' } }]],
  ])('%s', (text, operands) => {
    const parsed = parsePredicate(text)
    expect(parsed.ok && parsed.value.operands).toEqual(operands)
  })

  test('a path names relations, with hints', () => {
    const parsed = parsePredicate('a.members!key_one.user_id=eq.1&b.or=(c.is.null,d.is.null)')
    expect(parsed.ok && parsed.value.conditions.map(({ path }) => path)).toEqual([
      ['a', 'members!key_one'],
      ['b'],
    ])
  })
})
