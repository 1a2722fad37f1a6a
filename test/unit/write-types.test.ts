import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { writeTypes } from '../../src/write-types.ts'

let folder = ''
let out = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dbrest-types-'))
  out = join(folder, 'database.ts')
  onTestFinished(() => rmSync(folder, { recursive: true }))
})

function modeOf(file: string): string {
  return (statSync(file).mode & 0o7777).toString(8)
}

test('a file is made, and left alone while it holds the same text', () => {
  expect(writeTypes(out, 'a')).toEqual({ ok: true, value: 'written' })
  const { ino } = statSync(out)
  expect(writeTypes(out, 'a')).toEqual({ ok: true, value: 'same' })
  expect(statSync(out).ino).toBe(ino)
  expect(writeTypes(out, 'b')).toEqual({ ok: true, value: 'written' })
  expect(readFileSync(out, 'utf8')).toBe('b')
  expect(readdirSync(folder)).toEqual(['database.ts'])
})

test.each([0o600, 0o640, 0o666, 0o755])('the mode %i of a file is kept', (mode) => {
  writeFileSync(out, 'old')
  chmodSync(out, mode)
  expect(writeTypes(out, 'new').ok).toBe(true)
  expect(modeOf(out)).toBe(mode.toString(8))
  expect(readFileSync(out, 'utf8')).toBe('new')
})

describe('a link stays a link', () => {
  test.each([
    ['to a file', true],
    ['to nothing yet', false],
  ])('%s', (_, isThere) => {
    mkdirSync(join(folder, 'real', 'deep'), { recursive: true })
    symlinkSync('real/deep', join(folder, 'folder'))
    // the folder before `..` is a link: it leads to real/types.ts
    symlinkSync('folder/../types.ts', join(folder, 'second.ts'))
    symlinkSync('second.ts', out)
    const target = join(folder, 'real', 'types.ts')
    if (isThere) writeFileSync(target, 'old', { mode: 0o600 })
    expect(writeTypes(out, 'new')).toEqual({ ok: true, value: 'written' })
    expect(readFileSync(target, 'utf8')).toBe('new')
    expect(lstatSync(target).isFile()).toBe(true)
    if (isThere) expect(modeOf(target)).toBe('600')
    expect(readlinkSync(out)).toBe('second.ts')
    expect(readlinkSync(join(folder, 'second.ts'))).toBe('folder/../types.ts')
    expect(readdirSync(folder).sort()).toEqual(['database.ts', 'folder', 'real', 'second.ts'])
  })

  test('and is refused where it leads to itself', () => {
    symlinkSync('database.ts', out)
    expect(writeTypes(out, 'new')).toMatchObject({
      ok: false,
      error: expect.stringContaining('ELOOP'),
    })
    expect(lstatSync(out).isSymbolicLink()).toBe(true)
  })
})

describe('what is no regular file is refused as it is', () => {
  test('a folder', () => {
    mkdirSync(out)
    expect(writeTypes(out, 'new')).toEqual({
      ok: false,
      error: `${out} cannot be written: it is a folder, not a regular file`,
    })
  })

  test('a pipe, which nobody writes into', () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', out])
    expect(writeTypes(out, 'new')).toEqual({
      ok: false,
      error: `${out} cannot be written: it is a pipe, not a regular file`,
    })
    expect(lstatSync(out).isFIFO()).toBe(true)
  })

  test('a device, by a link too', () => {
    symlinkSync('/dev/null', out)
    expect(writeTypes(out, 'new')).toEqual({
      ok: false,
      error: `${out} cannot be written: it is a device, not a regular file`,
    })
  })
})

test('a file in a folder that is not there is refused with the reason of the system', () => {
  const nowhere = join(folder, 'absent', 'database.ts')
  expect(writeTypes(nowhere, 'new')).toEqual({
    ok: false,
    error: `${nowhere} cannot be written: no such file or directory (ENOENT)`,
  })
  expect(readdirSync(folder)).toEqual([])
})
