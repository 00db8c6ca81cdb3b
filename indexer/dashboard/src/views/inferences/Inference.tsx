import { Page } from "../../components/Page.tsx";
import { Empty } from "../../components/states.tsx";

export function Inference({ id }: { readonly id: string }) {
  return (
    <Page title="Inference">
      <div className="panel">
        <Empty title="On its way">The view of {id} is being built.</Empty>
      </div>
    </Page>
  );
}
