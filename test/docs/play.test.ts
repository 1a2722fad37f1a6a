/**
 * What plays the pages: a page that does not tell the truth fails, and none acts on the machine of the
 * tests.
 */
import { expect, test } from 'vitest'
import { readDocsPage } from '../support/docs-page.ts'
import { playDocsPage } from '../support/play-docs-page.ts'

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
