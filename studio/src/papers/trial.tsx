import type { PaperCard } from '../api/types.ts'
import { MethodForm } from '../method/method-form.tsx'
import { shownText } from '../method/options.ts'
import { Bench } from '../playground/bench.tsx'
import { addressWith, go, useAddress } from '../router.tsx'
import { Copy } from '../ui/copy.tsx'

const WHY: Readonly<Record<string, string>> = {
  video: 'It chooses among the frames of videos, which these pages do not show yet; the command line runs it.',
  embedding: 'It makes embeddings rather than answers; the command line runs it.',
  run: 'Its method only serves its own measurement; the command line runs that.',
}

/** Its options, a run on a picture, and the same to take away. */
export function Trial({ card }: { card: PaperCard }) {
  const { query } = useAddress()
  const method = query.get('method') ?? shownText(card)
  const change = (text: string) => go(addressWith({ method: text === shownText(card) ? '' : text }), { replace: true })
  const isRunnable = card.use === 'image' && !card.untrained
  return (
    <section>
      <h2>Try it</h2>
      {isRunnable ? (
        <Bench method={method}>
          <MethodForm card={card} value={method} onChange={change} />
        </Bench>
      ) : (
        <p className="empty">
          {card.untrained
            ? `It has weights of its own, and none come with this model; fovea train ${card.id} makes them.`
            : WHY[card.use ?? 'run']}
        </p>
      )}
      <TakeAway card={card} method={method} />
    </section>
  )
}

function TakeAway({ card, method }: { card: PaperCard; method: string }) {
  const file = card.use === 'video' ? 'film.mp4' : 'picture.png'
  const line =
    card.use === 'image' || card.use === 'video'
      ? `fovea ask ${file} "what color is the star?" --method ${method}`
      : `fovea reproduce ${card.id}`
  const code = `import { loadModel, parseMethod, readImage } from 'fovea'

const model = await loadModel('mini')
const images = [await readImage('picture.png')]
const method = parseMethod('${method}')
const reply = await model.generate({ prompt: 'what color is the star?', images, method })
console.log(reply.text, reply.tokens.visual)`
  return (
    <div className="take">
      <Copy label="Command line" text={line} />
      {card.use === 'image' && <Copy label="Library" text={code} />}
    </div>
  )
}
