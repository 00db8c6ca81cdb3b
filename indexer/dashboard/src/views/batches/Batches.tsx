import { Page } from "../../components/Page.tsx";
import { Empty } from "../../components/states.tsx";

export function Batches() {
  return (
    <Page title="Batches">
      <div className="panel">
        <Empty title="On its way">This view is being built.</Empty>
      </div>
    </Page>
  );
}
