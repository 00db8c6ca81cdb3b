import { Page } from "../../components/Page.tsx";
import { Empty } from "../../components/states.tsx";

export function Model({ id }: { readonly id: string }) {
  return (
    <Page title="Model">
      <div className="panel">
        <Empty title="On its way">The view of {id} is being built.</Empty>
      </div>
    </Page>
  );
}
