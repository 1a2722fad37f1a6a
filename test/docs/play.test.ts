/**
 * What plays the pages: a page that does not tell the truth fails, and none acts on the machine of the
 * tests.
 */
import { describe, expect, test, vi } from 'vitest'
import { readDocsPage } from '../support/docs-page.ts'
import { playDocsPage, whatIsMissing } from '../support/play-docs-page.ts'

function play(...lines: readonly string[]): Promise<void> {
  return playDocsPage('page', readDocsPage(lines.join('\n')))
}

test('a page that tells the truth is played to its end', async () => {
  await play('<!-- file: a.txt -->', '```csv', 'one', '```', '```sh', 'cat a.txt', '# one', '```')
  await play('```sh', 'cd ..; x=1', '```', '```sh', 'echo $x', '```', '```text', '1', '```')
})

test.each([
  ['another answer', ['echo 1', '# 2'], "to be '2'"],
  ['a command that fails', ['false', 'true'], 'ended with null'],
  ['a refusal that it does not show', [`echo '{"code":"42501","message":"x"}'`], 'is refused'],
  [
    'a refusal among other answers',
    [`echo; echo '{"code":"PGRST205","message":"x"}'`],
    'is refused',
  ],
  [
    'a refusal without a body',
    ["printf 'HTTP/1.1 401\\nProxy-Status: PostgREST; error=PGRST301\\n'"],
    'is refused',
  ],
  ['a server that does not start', ['dbrest nothing.db &'], 'does not serve'],
  ['a package manager', ['npm --version'], 'npm: command not found'],
  ['a container', ['docker ps'], 'docker: command not found'],
])('a page fails with %s', async (_, commands, message) => {
  await expect(play('```sh', ...commands, '```')).rejects.toThrow(message)
})

test('a page fails with a command that was to fail and does not', async () => {
  await expect(play('<!-- fails -->', '```sh', 'true', '```')).rejects.toThrow('ended with 0')
})

test('a page fails with a block that is not well-formed', async () => {
  await expect(play('```json', '{', '```')).rejects.toThrow('SyntaxError')
  await expect(play('<!-- checked -->', '```sql', 'selec 1', '```')).rejects.toThrow('syntax')
})

describe('a page is played where its commands are', () => {
  test.each([
    ['one that is typed in', ['```sh', 'curl a', '```'], 'curl'],
    ['one in a script', ['<!-- file: a.sh -->', '```bash', 'cat a | jq .', '```'], 'jq'],
    ['one in a loop', ['```sh', 'until curl a; do sleep 1; done', '```'], 'curl'],
    ['one in a body', ['```sh', 'for a in 1; do psql; done', '```'], 'psql'],
    ['one that is to fail', ['```sh', '! sqlite3 a', '```'], 'sqlite3'],
    ['one whose output is taken', ['```sh', 'a="$(openssl rand 1)"', '```'], 'openssl'],
    ['one with a variable of its own', ['```sh', 'PGUSER=a createdb b', '```'], 'createdb'],
    ['none in a file of data', ['<!-- file: a.csv -->', '```csv', 'curl', '```'], null],
    ['none that is an argument', ['```sh', 'echo curl', '```'], null],
  ])('%s', (_, lines, missing) => {
    vi.stubEnv('PATH', '/nowhere')
    try {
      expect(whatIsMissing(readDocsPage(lines.join('\n')))).toBe(missing)
    } finally {
      vi.unstubAllEnvs()
    }
  })
})
