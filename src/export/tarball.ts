import { gzipSync } from 'node:zlib'

/** A file of a tarball. */
export interface PackedFile {
  /** From the tarball's root, with slashes: `package/dist/index.js`. At most 255 characters. */
  path: string
  content: Uint8Array
  /** Whether it may be run. */
  executable: boolean
}

const blockBytes = 512

/**
 * A `.tar.gz` of files, in ustar form, as `npm pack` makes it. Nothing in it tells when, where or by whom it was made: the
 * same files give the same bytes.
 */
export function tarball(files: readonly PackedFile[]): Buffer {
  const blocks = files.flatMap(file => [header(file), file.content, padding(file.content.length)])
  const packed = gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]), { level: 9 })
  // The system that compressed it, which the format has a byte for: unknown.
  packed[9] = 255
  return packed
}

function header({ path, content, executable }: PackedFile): Buffer {
  const block = Buffer.alloc(blockBytes)
  const [prefix, name] = split(path)
  block.write(name, 0)
  block.write(octal(executable ? 0o755 : 0o644, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(content.length, 12), 124)
  // npm's own time, of 1985: some file systems cannot hold the epoch.
  block.write(octal(499_162_500, 12), 136)
  block.write('0', 156)
  block.write('ustar\u000000', 257)
  block.write(prefix, 345)
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 7)}\u0000 `, 148)
  return block
}

/** A name has 100 bytes, and the folders before it 155 more. */
function split(path: string): [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= 100) return ['', path]
  const at = path.indexOf('/', path.length - 100)
  return [path.slice(0, at), path.slice(at + 1)]
}

/** A number as a field of `length` bytes has it, its last byte zero. */
function octal(number: number, length: number): string {
  return number.toString(8).padStart(length - 1, '0')
}

function padding(length: number): Buffer {
  return Buffer.alloc((blockBytes - (length % blockBytes)) % blockBytes)
}
