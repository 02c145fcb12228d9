import { type ReactNode, useState } from 'react'
import { PictureStage } from '../picture/picture-stage.tsx'
import { useShown } from '../picture/use-picture.ts'
import { addressWith, go, useAddress } from '../router.tsx'
import { Notice } from '../ui/notice.tsx'
import { Answer } from './answer.tsx'
import { Figures } from './figures.tsx'
import { LayerSlider } from './layer-slider.tsx'
import { PatchCanvas } from './patch-canvas.tsx'
import { fatesAt, stopsOf } from './patches.ts'
import { QuestionForm } from './question-form.tsx'
import { Sankey } from './sankey.tsx'
import { Timeline } from './timeline.tsx'
import { useRun } from './use-run.ts'

const QUESTION = 'what is in the picture?'

/** A picture, a question, a method, and what comes of them. @param children where the method is chosen */
export function Bench({ method, children }: { method: string; children: ReactNode }) {
  const { query } = useAddress()
  const shown = useShown()
  const [again, setAgain] = useState(0)
  const isOwn = query.has('image')
  const question = query.get('q') ?? (isOwn ? QUESTION : (shown.question ?? ''))
  const asked = shown.picture && { image: shown.picture.url, question, method }
  const run = useRun(asked, again)
  const ask = (text: string) => {
    go(addressWith({ q: text }))
    setAgain((count) => count + 1)
  }
  const { report } = run
  const stops = report ? stopsOf(report) : []
  const chosen = query.get('stop')
  const at = Math.min(Math.max(0, Number(chosen ?? stops.length - 1) || 0), stops.length - 1)
  const setStop = (stop: number) =>
    go(addressWith({ stop: stop === stops.length - 1 ? '' : String(stop) }), { replace: true })
  const right = question === shown.question ? shown.answer : undefined
  return (
    <div className="bench">
      <PictureStage shown={shown}>
        {shown.picture && <PatchCanvas picture={shown.picture} report={report} stop={stops[at]} />}
      </PictureStage>
      <div className="controls">
        <QuestionForm question={question} isRunning={run.isRunning} onAsk={ask} />
        <Answer run={run} right={right} />
        <Notice text={run.error} />
        <div className="layers">
          {report && <LayerSlider stops={stops} at={at} fates={fatesAt(report, 0, stops[at])} onChange={setStop} />}
        </div>
        <div className="method">{children}</div>
      </div>
      <div className="account">
        {report && (
          <>
            <h3>The way of its tokens</h3>
            <Sankey report={report} at={at} onChoose={setStop} />
            <Figures report={report} />
            <Timeline report={report} />
          </>
        )}
      </div>
    </div>
  )
}
