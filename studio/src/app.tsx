import { lazy, Suspense, useEffect } from 'react'
import { useKeyNeeded } from './api/key.ts'
import { PapersPage } from './papers/papers-page.tsx'
import { useAddress } from './router.tsx'
import { Footer } from './ui/footer.tsx'
import { Header } from './ui/header.tsx'
import { KeyForm } from './ui/key-form.tsx'
import { NotFound } from './ui/not-found.tsx'

const PaperPage = lazy(() => import('./papers/paper-page.tsx'))
const PlaygroundPage = lazy(() => import('./playground/playground-page.tsx'))
const ComparePage = lazy(() => import('./compare/compare-page.tsx'))

const TITLES: Readonly<Record<string, string>> = { '/playground': 'Playground', '/compare': 'Compare' }

export function App() {
  const { path } = useAddress()
  const isKeyNeeded = useKeyNeeded()
  useEffect(() => {
    document.title = `${TITLES[path] ?? 'Papers'} · Fovea`
  }, [path])
  return (
    <>
      <a className="skip" href="#main">
        To the content
      </a>
      <Header path={path} />
      <main id="main" tabIndex={-1}>
        {isKeyNeeded ? (
          <KeyForm />
        ) : (
          <Suspense fallback={<div className="page" aria-busy="true" />}>
            <View path={path} />
          </Suspense>
        )}
      </main>
      <Footer />
    </>
  )
}

function View({ path }: { path: string }) {
  if (path === '/' || path === '/papers') return <PapersPage />
  if (path === '/playground') return <PlaygroundPage />
  if (path === '/compare') return <ComparePage />
  const [, id] = /^\/papers\/([\w.-]+)$/.exec(path) ?? []
  return id ? <PaperPage key={id} id={id} /> : <NotFound what="page" />
}
