import type { Papers } from '../api/types.ts'
import { useAsked } from '../api/use-asked.ts'
import { shownText } from '../method/options.ts'
import { PictureStage } from '../picture/picture-stage.tsx'
import { useShown } from '../picture/use-picture.ts'
import { QuestionForm } from '../playground/question-form.tsx'
import { addressWith, go, useAddress } from '../router.tsx'
import { Notice } from '../ui/notice.tsx'
import { CompareCard } from './compare-card.tsx'
import { Outcomes } from './outcomes.tsx'
import { Pareto } from './pareto.tsx'
import { Swipe } from './swipe.tsx'
import { useRuns } from './use-runs.ts'

const FIRST = ['dense', 'resize:keep=0.25', 'random:keep=0.25', 'visionzip:keep=0.25', 'fastv:keep=0.25']
/** Where methods differ in what they can still read. */
const SAMPLE = 37
const [FEWEST, MOST] = [2, 6]

export default function ComparePage() {
  const { query } = useAddress()
  const { data, error } = useAsked<Papers>('/fovea/papers')
  const cards = data?.data ?? []
  const given = query.getAll('m')
  const methods = given.length >= FEWEST ? given.slice(0, MOST) : FIRST
  const shown = useShown(SAMPLE)
  const question = query.get('q') ?? shown.question ?? (query.has('image') ? 'what is in the picture?' : '')
  const { picture } = shown
  const runs = useRuns(picture && question ? methods.map((method) => ({ image: picture.url, question, method })) : [])
  const right = question === shown.question ? shown.answer : undefined
  const put = (changed: readonly string[]) => go(addressWith({ m: changed }))
  const add = () => {
    const card = cards.find(
      (one) => one.kind[0] === 'reducer' && one.use === 'image' && !methods.some((m) => m.startsWith(one.id)),
    )
    put([...methods, card ? shownText(card) : 'dense'])
  }
  return (
    <div className="page compare">
      <h1>Side by side</h1>
      <div className="bench">
        <PictureStage shown={shown}>
          {picture && <Swipe picture={picture} methods={methods} runs={runs} />}
        </PictureStage>
        <div className="controls">
          <QuestionForm
            question={question}
            isRunning={runs.some(({ isRunning }) => isRunning)}
            onAsk={(q) => go(addressWith({ q }))}
          />
          <Notice text={error} />
          <Outcomes methods={methods} runs={runs} right={right} />
        </div>
      </div>
      <ul className="cards">
        {methods.map((method, at) => (
          <CompareCard
            // biome-ignore lint/suspicious/noArrayIndexKey: a place among the methods, whichever stands there
            key={at}
            cards={cards}
            method={method}
            picture={picture}
            run={runs[at]}
            onChange={(text) => put(methods.with(at, text))}
            onRemove={methods.length > FEWEST ? () => put(methods.filter((_, other) => other !== at)) : undefined}
          />
        ))}
        {methods.length < MOST && (
          <li className="card add">
            <button type="button" onClick={add}>
              Add a method
            </button>
          </li>
        )}
      </ul>
      <Pareto
        chosen={methods}
        onChoose={(method) => put(['dense', 'resize', 'random'].map(withShare(method)).concat(method))}
      />
    </div>
  )
}

/** A baseline at the share of a method. */
const withShare = (method: string) => (id: string) =>
  id === 'dense' ? id : `${id}:${/keep=[\d.]+/.exec(method)?.[0] ?? 'keep=0.25'}`
