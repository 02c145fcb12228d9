import { describe, expect, it } from 'vitest'
import { picture, say, serving, square, text } from './serving.ts'

interface Reply {
  readonly choices: readonly { readonly message: { readonly content: string } }[]
  readonly usage: {
    readonly prompt_tokens: number
    readonly prompt_tokens_details: Readonly<Record<string, number>>
  }
  readonly fovea: { readonly keeps_prefix: boolean; readonly milliseconds: { readonly vision: number } }
}

const site = serving()
const plain = serving({ prefixBytes: 0 })

/** Two turns about a picture, each as a request with all that was said before. */
async function turns({ chat }: Pick<typeof site, 'chat'>, colour: string, method?: string) {
  const ask = async (messages: object[]) =>
    (await (await chat({ messages, max_tokens: 8, ...(method && { fovea: { method } }) })).json()) as Reply
  const first = [say([picture(await square(colour)), text('what color is the square?')])]
  const one = await ask(first)
  const said = say(one.choices[0].message.content, 'assistant')
  return [one, await ask([...first, said, say('how many squares are there?')])]
}

const told = (replies: readonly Reply[]) => replies.map(({ choices }) => choices[0].message.content)

describe('prompts that begin alike', () => {
  it.each([undefined, 'visionzip:keep=.25'])(
    'are read from where they part, and answered alike: %s',
    async (method) => {
      const [first, second] = await turns(site, '#22d', method)
      const details = second.usage.prompt_tokens_details
      expect(details.cached_tokens).toBeGreaterThan(details.image_tokens)
      expect(details.cached_tokens + details.cache_write_tokens).toBe(second.usage.prompt_tokens)
      expect(details.image_tokens + details.text_tokens).toBe(second.usage.prompt_tokens)
      expect(first.usage.prompt_tokens_details.cache_write_tokens).toBeGreaterThan(0)
      expect([first, second].map(({ fovea }) => fovea.keeps_prefix)).toEqual([true, true])
      expect(second.fovea.milliseconds.vision).toBe(0)
      const without = await turns(plain, '#22d', method)
      expect(told([first, second])).toEqual(told(without))
      expect(without.map(({ usage }) => usage.prompt_tokens)).toEqual([first, second].map((r) => r.usage.prompt_tokens))
      expect(without.map(({ usage }) => usage.prompt_tokens_details.cached_tokens)).toEqual([0, 0])
      expect(without.map(({ fovea }) => fovea.keeps_prefix)).toEqual([false, false])
    },
  )

  it('are read anew where the question decides what is left of pictures, which is said', async () => {
    const replies = await turns(site, '#2a2', 'fastv:layer=2,keep=.5')
    for (const { usage, fovea } of replies) {
      expect(usage.prompt_tokens_details).toMatchObject({ cached_tokens: 0, cache_write_tokens: 0 })
      expect(fovea.keeps_prefix).toBe(false)
    }
  })

  it('are counted', async () => {
    const hits = async () => {
      const page = await (await site.get('/metrics')).text()
      return Number(page.match(/^vllm:prefix_cache_hits_total\{[^}]*\} (\d+)$/m)?.[1] ?? 0)
    }
    const before = await hits()
    const [first, second] = await turns(site, '#dd2')
    const cached = [first, second].map(({ usage }) => usage.prompt_tokens_details.cached_tokens)
    expect(await hits()).toBe(before + cached[0] + cached[1])
  })
})
