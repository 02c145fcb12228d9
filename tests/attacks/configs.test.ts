import { expect, test } from 'vitest'
import { HOSTILE_CONFIGS } from './hostile-configs.ts'
import { expectRefusal } from './refusal.ts'

test.each(HOSTILE_CONFIGS)('$name is refused with $code', async (hostile) => {
  expect.hasAssertions()
  await expectRefusal(hostile)
})
