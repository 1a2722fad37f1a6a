/**
 * Builds the MongoDB server that tests run on (test/support/mongodb-engine.ts) with cargo into the
 * cache of this user, once: it takes four minutes on two cores. Needs Rust, cmake and a C++ compiler.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

const version = '0.5.3-beta.196'
const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dbrest-test')
const target = join(folder, `secantusd-rs-${version}`)

if (existsSync(target)) {
  console.log(`${target} is there`)
} else {
  const root = mkdtempSync(join(tmpdir(), 'dbrest-engine-'))
  // the package asks for a newer compiler than it needs
  const args = ['install', 'secantus-mdb', '--version', version, '--ignore-rust-version']
  const { status, error } = spawnSync('cargo', [...args, '--root', root], { stdio: 'inherit' })
  if (error !== undefined) console.error(`cargo cannot be run: ${error.message}`)
  if (status === 0) {
    mkdirSync(folder, { recursive: true })
    // under its name only once it is whole: another run may look for it
    copyFileSync(join(root, 'bin', 'secantusd-rs'), `${target}.${process.pid}`)
    renameSync(`${target}.${process.pid}`, target)
    console.log(`built ${target}`)
  }
  rmSync(root, { recursive: true, force: true })
  process.exit(status ?? 1)
}
