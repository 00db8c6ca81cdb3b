import { Page } from "../../components/Page.tsx";
import { Empty } from "../../components/states.tsx";

export function Batch({ id }: { readonly id: string }) {
  return (
    <Page title="Batch">
      <div className="panel">
        <Empty title="On its way">The view of {id} is being built.</Empty>
      </div>
    </Page>
  );
}
