/**
 * Which schema of which file a statement was compiled for, as bytes that are compared at once: each
 * request carries them. They are the part of a schema version that can be read without reading the
 * schema.
 *
 * Shape   [device: u64][inode: u64][PRAGMA schema_version: i32], little-endian
 */

export const stampBytes = 20
const counterAt = 16

/** The file behind a name. */
export interface FileIdentity {
  readonly device: bigint
  readonly inode: bigint
}

export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return one.inode === other.inode && one.device === other.device
}

/** The version that names one state of a schema; the fingerprint is of the schema's text. */
export function versionText(file: FileIdentity, counter: number, fingerprint: string): string {
  return `${file.device}:${file.inode}:${counter}:${fingerprint}`
}

export function stampOf(file: FileIdentity, counter: number): Buffer {
  const stamp = Buffer.alloc(stampBytes)
  stamp.writeBigUInt64LE(BigInt.asUintN(64, file.device), 0)
  stamp.writeBigUInt64LE(BigInt.asUintN(64, file.inode), 8)
  restamp(stamp, counter)
  return stamp
}

/** The same file with another schema. */
export function restamp(stamp: Buffer, counter: number): void {
  stamp.writeInt32LE(counter | 0, counterAt)
}

/** Throws  where the text was not made by `versionText` */
export function stampOfVersion(version: string): Buffer {
  const [device = '', inode = '', counter = ''] = version.split(':')
  return stampOf({ device: BigInt(device), inode: BigInt(inode) }, Number(counter))
}
