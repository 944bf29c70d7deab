import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { snappyCompress } from '@platformatic/wasm-utils'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import {
  type CodecName,
  codecName,
  codecNames,
  compress,
  decompress,
  loadCodecs,
} from '../../src/log/codec.js'

const limit = 1024 * 1024

const sentence = Buffer.from('{"obs_id":1,"value_numeric":71.25,"voided":false}'.repeat(400))

const compressors: Record<CodecName, (bytes: Uint8Array) => Uint8Array> = {
  none: bytes => bytes,
  gzip: bytes => compress('gzip', bytes),
  snappy: bytes => snappyCompress(Buffer.from(bytes)),
  lz4: bytes => compress('lz4', bytes),
  zstd: bytes => compress('zstd', bytes),
}

const compressed = codecNames.filter(name => name !== 'none')

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(ObslabError)
    return (error as ObslabError).code
  }
  return 'no error'
}

beforeAll(loadCodecs)

describe.each(compressed)('%s', codec => {
  const pack = compressors[codec]

  test('what is compressed is expanded to the same bytes', () => {
    const texts = fc.array(
      fc.constantFrom('aaaaaaaaaaaaaaaa', 'obs', '{"a":1}', '\u{1f600}', 'x'.repeat(300)),
      {
        maxLength: 200,
      },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 3000 }),
          texts.map(parts => Buffer.from(parts.join(''))),
        ),
        plain => {
          fc.pre(plain.length > 0)
          expect(Buffer.compare(decompress(codec, pack(plain), limit), plain)).toBe(0)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a megabyte that compresses, and one that does not, are expanded', () => {
    for (const plain of [Buffer.alloc(1_000_000, sentence), randomBytes(1_000_000)]) {
      expect(Buffer.compare(decompress(codec, pack(plain), limit), plain)).toBe(0)
    }
  })

  test('a batch that expands to the limit is read, one byte more is a named error', () => {
    const packed = pack(sentence)
    expect(decompress(codec, packed, sentence.length)).toHaveLength(sentence.length)
    expect(codeOf(() => decompress(codec, packed, sentence.length - 1))).toBe('batch-too-large')
  })

  test('a zip bomb is refused without its memory being taken', () => {
    const bomb = pack(Buffer.alloc(64 * limit))
    const before = process.memoryUsage()
    expect(codeOf(() => decompress(codec, bomb, limit))).toBe('batch-too-large')
    const after = process.memoryUsage()
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * limit)
    expect(after.rss - before.rss).toBeLessThan(32 * limit)
  })

  test('a frame cut anywhere is a corrupt batch', () => {
    const packed = pack(sentence)
    for (let length = 1; length < packed.length; length += Math.max(1, Math.floor(packed.length / 97))) {
      expect(codeOf(() => decompress(codec, packed.subarray(0, length), limit))).toBe('batch-corrupt')
    }
  })

  test('damaged frames give bytes or a named error, never a trap, and the codec works after them', () => {
    const packed = pack(Buffer.concat([sentence, randomBytes(500)]))
    const flips = fc.array(fc.tuple(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(flips, changes => {
        const damaged = Buffer.from(packed)
        for (const [at, bits] of changes) damaged[at]! ^= bits
        const code = codeOf(() => decompress(codec, damaged, limit))
        expect(['no error', 'batch-corrupt', 'batch-too-large']).toContain(code)
      }),
      { numRuns: 400 },
    )
    expect(Buffer.compare(decompress(codec, pack(sentence), limit), sentence)).toBe(0)
  })
})

test('bytes without compression are given back as they are', () => {
  expect(decompress('none', sentence, 1)).toBe(sentence)
})

test('a codec number that Kafka does not have is a named error', () => {
  expect(codecName(4)).toBe('zstd')
  expect(codeOf(() => codecName(5))).toBe('batch-unsupported')
})

test('two gzip members are read as one', () => {
  expect(decompress('gzip', Buffer.concat([gzipSync('ab'), gzipSync('cd')]), limit).toString()).toBe('abcd')
})

describe('snappy as Java producers frame it', () => {
  const header = Buffer.from('82534e4150505900 00000001 00000001'.replaceAll(' ', ''), 'hex')
  const block = (bytes: Buffer): Buffer => {
    const packed = snappyCompress(bytes)
    const length = Buffer.alloc(4)
    length.writeInt32BE(packed.length)
    return Buffer.concat([length, packed])
  }

  test('several blocks behind their lengths are read as one', () => {
    const framed = Buffer.concat([header, block(sentence), block(Buffer.from('and')), block(sentence)])
    const expected = Buffer.concat([sentence, Buffer.from('and'), sentence])
    expect(Buffer.compare(decompress('snappy', framed, limit), expected)).toBe(0)
  })

  test('no block is no bytes', () => {
    expect(decompress('snappy', header, limit)).toHaveLength(0)
  })

  test('a block longer than what is left is a corrupt batch', () => {
    const framed = Buffer.concat([header, block(sentence)])
    expect(codeOf(() => decompress('snappy', framed.subarray(0, -1), limit))).toBe('batch-corrupt')
    expect(codeOf(() => decompress('snappy', framed.subarray(0, 18), limit))).toBe('batch-corrupt')
  })

  test('blocks that exceed the limit together are a named error', () => {
    const framed = Buffer.concat([header, block(sentence), block(sentence)])
    expect(codeOf(() => decompress('snappy', framed, sentence.length * 2 - 1))).toBe('batch-too-large')
  })
})

describe('lz4 frames', () => {
  const end = Buffer.alloc(4)
  // token 0x50: five literals; token 0x5f: five literals and a match; the frames are written by hand.
  const literals = (text: string): Buffer =>
    Buffer.concat([Buffer.from([text.length << 4]), Buffer.from(text)])
  const matchBack = (distance: number, length: number, rest: string): Buffer =>
    Buffer.concat([Buffer.from([length - 4, distance & 255, distance >> 8]), literals(rest)])
  const blockOf = (bytes: Buffer, flag: number = 0): Buffer => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE((bytes.length | flag) >>> 0)
    return Buffer.concat([length, bytes])
  }
  const magic = Buffer.from('04224d18', 'hex')

  test('linked blocks refer to the blocks before them', () => {
    const frame = Buffer.concat([
      magic,
      Buffer.from([0x40, 0x40, 0]),
      blockOf(literals('abcde')),
      blockOf(matchBack(5, 5, 'vwxyz')),
      end,
    ])
    expect(text(decompress('lz4', frame, limit))).toBe('abcdeabcdevwxyz')
  })

  test('independent blocks that refer to the blocks before them are a corrupt batch', () => {
    const frame = Buffer.concat([
      magic,
      Buffer.from([0x60, 0x40, 0]),
      blockOf(literals('abcde')),
      blockOf(matchBack(5, 5, 'vwxyz')),
      end,
    ])
    expect(codeOf(() => decompress('lz4', frame, limit))).toBe('batch-corrupt')
  })

  test('stated sizes, checksums and uncompressed blocks are read over', () => {
    const sum = Buffer.from('01020304', 'hex')
    const size = Buffer.from('0a00000000000000', 'hex')
    const raw = blockOf(Buffer.from('fghij'), 0x80000000)
    const frame = Buffer.concat([
      magic,
      Buffer.from([0x7c, 0x40]),
      size,
      Buffer.from([0]),
      blockOf(literals('abcde')),
      sum,
      raw,
      sum,
      end,
      sum,
    ])
    expect(text(decompress('lz4', frame, limit))).toBe('abcdefghij')
  })

  test('a repeat longer than its distance repeats itself', () => {
    const frame = Buffer.concat([
      magic,
      Buffer.from([0x60, 0x40, 0]),
      blockOf(
        Buffer.concat([Buffer.from([0x2f]), Buffer.from('ab'), Buffer.from([2, 0, 200]), literals('.....')]),
      ),
      end,
    ])
    expect(text(decompress('lz4', frame, limit))).toBe(`${'ab'.repeat(110)}a.....`)
  })

  test('a frame that needs a dictionary is a corrupt batch', () => {
    const frame = Buffer.concat([magic, Buffer.from([0x61, 0x40, 0]), end])
    expect(codeOf(() => decompress('lz4', frame, limit))).toBe('batch-corrupt')
  })
})

describe('zstd frames', () => {
  /** The frame of a streaming writer: the same blocks behind a header that states no size. */
  function streamed(frame: Uint8Array): Buffer {
    const descriptor = frame[4]!
    const sizeWidth = [1, 2, 4, 8][descriptor >>> 6]!
    expect(descriptor & 0x27).toBe(0x20)
    return Buffer.concat([frame.subarray(0, 4), Buffer.from([0x00, 0x58]), frame.subarray(5 + sizeWidth)])
  }

  test('frames that state no size, as Java writes them, are expanded', () => {
    const plain = Buffer.alloc(900_000, sentence)
    expect(Buffer.compare(decompress('zstd', streamed(compress('zstd', plain)), limit), plain)).toBe(0)
  })

  test('a bomb that states no size is refused', () => {
    const repeat = (last: number): Buffer => {
      const block = Buffer.alloc(4)
      block.writeUIntLE(((2 ** 17) << 3) | 2 | last, 0, 3)
      return block
    }
    const blocks = Array.from({ length: 500 }, () => repeat(0))
    const bomb = Buffer.concat([Buffer.from('28b52ffd0058', 'hex'), ...blocks, repeat(1)])
    expect(decompress('zstd', bomb, 501 * 2 ** 17)).toHaveLength(501 * 2 ** 17)
    expect(codeOf(() => decompress('zstd', bomb, limit))).toBe('batch-too-large')
  })

  test('a frame that states a size its blocks cannot reach is a corrupt batch', () => {
    const frame = Buffer.from(compress('zstd', sentence))
    const lying = Buffer.concat([
      frame.subarray(0, 4),
      Buffer.from([0xe0]),
      Buffer.from('00000004000000 00'.replace(' ', ''), 'hex'),
      frame.subarray(5 + 2),
    ])
    expect(codeOf(() => decompress('zstd', lying, 2 ** 40))).toBe('batch-corrupt')
  })

  test('several frames, skippable ones among them, are read as one', () => {
    const skippable = Buffer.from('502a4d1803000000aabbcc', 'hex')
    const frames = Buffer.concat([
      compress('zstd', sentence),
      skippable,
      streamed(compress('zstd', sentence)),
    ])
    expect(Buffer.compare(decompress('zstd', frames, limit), Buffer.concat([sentence, sentence]))).toBe(0)
  })
})
