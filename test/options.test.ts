import { expect, test } from 'vitest'
import { z } from 'zod'
import { parseOptions, positiveInt } from '../src/options.js'

const schema = z.strictObject({
  limit: positiveInt.optional(),
  rate: z.number().min(2).optional(),
  codec: z.enum(['lz4', 'zstd']).optional(),
  name: z.string().min(1).optional(),
  either: z.union([z.string(), z.int()]).optional(),
  password: z.string().optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

test.each<[unknown, string]>([
  [{ limit: 0 }, 'Option limit: expected a whole number from 1 up, found 0.'],
  [{ limit: 1.5 }, 'Option limit: expected a whole number from 1 up, found 1.5.'],
  [{ limit: 'ten' }, "Option limit: expected a whole number from 1 up, found 'ten'."],
  [{ rate: 1 }, 'Option rate: expected a number from 2 up, found 1.'],
  [{ codec: 'banana' }, "Option codec: expected 'lz4' or 'zstd', found 'banana'."],
  [{ name: 'x'.repeat(0) }, "Option name: expected a text of at least 1 characters, found ''."],
  [{ name: 5 }, 'Option name: expected a text, found 5.'],
  [{ rate: 'x'.repeat(99) }, 'Option rate: expected a number, found a text of 99 characters.'],
  [{ either: true }, 'Option either: expected a text or a number, found true.'],
  [{ password: 1234 }, 'Option password: expected a text, found another.'],
  [{ signal: {} }, 'Option signal: expected an AbortSignal, found an object.'],
  [5, 'Options: expected an object, found 5.'],
  [{ limt: 3 }, "There is no option 'limt'; there are limit, rate, codec, name, either, password, signal."],
])('the options %j are refused in plain English: %s', (options, told) => {
  expect(() => parseOptions(schema, options)).toThrow(
    expect.objectContaining({ code: 'option-invalid', message: told }),
  )
})
