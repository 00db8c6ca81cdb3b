import { AppShell } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { lazy, Suspense } from "react";
import { Link, Route, Router, Switch } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";
import { Header, Links } from "./components/Header.tsx";
import { NetProvider } from "./components/Net.tsx";
import { Page } from "./components/Page.tsx";
import { Boundary, Empty, Loading } from "./components/states.tsx";

const Overview = lazy(() => import("./views/overview/Overview.tsx").then((view) => ({ default: view.Overview })));
const Inferences = lazy(() =>
  import("./views/inferences/Inferences.tsx").then((view) => ({ default: view.Inferences })),
);
const Inference = lazy(() => import("./views/inferences/Inference.tsx").then((view) => ({ default: view.Inference })));
const Nodes = lazy(() => import("./views/nodes/Nodes.tsx").then((view) => ({ default: view.Nodes })));
const Node = lazy(() => import("./views/nodes/Node.tsx").then((view) => ({ default: view.Node })));
const Models = lazy(() => import("./views/models/Models.tsx").then((view) => ({ default: view.Models })));
const Model = lazy(() => import("./views/models/Model.tsx").then((view) => ({ default: view.Model })));
const Batches = lazy(() => import("./views/batches/Batches.tsx").then((view) => ({ default: view.Batches })));
const Batch = lazy(() => import("./views/batches/Batch.tsx").then((view) => ({ default: view.Batch })));
const Enclaves = lazy(() => import("./views/enclaves/Enclaves.tsx").then((view) => ({ default: view.Enclaves })));

/** The page: its head, and the view that the address names. */
export function App() {
  const [opened, { toggle, close }] = useDisclosure(false);
  return (
    <Router hook={useHashLocation}>
      <NetProvider>
        <button type="button" className="skip" onClick={() => document.getElementById("main")?.focus()}>
          Skip to the content
        </button>
        <AppShell
          header={{ height: 60 }}
          navbar={{ width: 260, breakpoint: "md", collapsed: { mobile: !opened, desktop: true } }}
          padding={0}
        >
          <AppShell.Header>
            <Header opened={opened} toggle={toggle} />
          </AppShell.Header>
          {opened && (
            <AppShell.Navbar p="md" hiddenFrom="md" aria-label="Views">
              <Links onFollow={close} />
            </AppShell.Navbar>
          )}
          <AppShell.Main id="main" tabIndex={-1}>
            <div className="content">
              <Boundary>
                <Suspense fallback={<Loading height="80vh" />}>
                  <Switch>
                    <Route path="/" component={Overview} />
                    <Route path="/inferences" component={Inferences} />
                    <Route path="/inferences/:id">{({ id }) => <Inference key={id} id={id} />}</Route>
                    <Route path="/nodes" component={Nodes} />
                    <Route path="/nodes/:id">{({ id }) => <Node key={id} id={id} />}</Route>
                    <Route path="/models" component={Models} />
                    <Route path="/models/:id">{({ id }) => <Model key={id} id={id} />}</Route>
                    <Route path="/batches" component={Batches} />
                    <Route path="/batches/:id">{({ id }) => <Batch key={id} id={id} />}</Route>
                    <Route path="/enclaves" component={Enclaves} />
                    <Route component={Nowhere} />
                  </Switch>
                </Suspense>
              </Boundary>
            </div>
          </AppShell.Main>
        </AppShell>
      </NetProvider>
    </Router>
  );
}

function Nowhere() {
  return (
    <Page title="No such view">
      <div className="panel">
        <Empty title="There is nothing at this address">
          It may be misspelt. <Link href="/">The overview</Link> leads everywhere else.
        </Empty>
      </div>
    </Page>
  );
}
