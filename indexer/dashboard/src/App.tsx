import { Anchor, AppShell } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Suspense } from "react";
import { Link, Route, Router, Switch, useLocation } from "wouter";
import { Footer } from "./components/Footer.tsx";
import { Header, Links } from "./components/Header.tsx";
import { NetProvider } from "./components/Net.tsx";
import { Page } from "./components/Page.tsx";
import { Boundary, Empty, Loading } from "./components/states.tsx";
import { useAddress } from "./data/address.ts";
import { useTokensAsked } from "./data/tokens.ts";
import { Batch } from "./views/batches/Batch.tsx";
import { Batches } from "./views/batches/Batches.tsx";
import { Enclaves } from "./views/enclaves/Enclaves.tsx";
import { Inference } from "./views/inferences/Inference.tsx";
import { Inferences } from "./views/inferences/Inferences.tsx";
import { Model } from "./views/models/Model.tsx";
import { Models } from "./views/models/Models.tsx";
import { Node } from "./views/nodes/Node.tsx";
import { Nodes } from "./views/nodes/Nodes.tsx";
import { Overview } from "./views/overview/Overview.tsx";

/** The page: its head, and the view that the address names. */
export function App() {
  const [opened, { toggle, close }] = useDisclosure(false);
  return (
    <Router hook={useAddress}>
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
              <Views />
            </div>
          </AppShell.Main>
          <Footer />
        </AppShell>
      </NetProvider>
    </Router>
  );
}

/** The view that the address names. A fault of one does not keep another from being opened. */
function Views() {
  const [path] = useLocation();
  const asked = useTokensAsked();
  if (!asked) return <Loading height="80vh" />;
  return (
    <Boundary key={path}>
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
  );
}

function Nowhere() {
  return (
    <Page title="No such view">
      <div className="panel">
        <Empty title="There is nothing at this address">
          It may be misspelt.{" "}
          <Anchor component={Link} href="/">
            The overview
          </Anchor>{" "}
          leads everywhere else.
        </Empty>
      </div>
    </Page>
  );
}
