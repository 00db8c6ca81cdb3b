import { Page } from "../../components/Page.tsx";
import { Empty } from "../../components/states.tsx";

export function Models() {
  return (
    <Page title="Models">
      <div className="panel">
        <Empty title="On its way">This view is being built.</Empty>
      </div>
    </Page>
  );
}
