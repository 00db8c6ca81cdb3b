import { Anchor } from "@mantine/core";
import { useAsk } from "../data/useAsk.ts";
import { contractsQuery } from "../queries/contracts.ts";
import { Id } from "./Id.tsx";

/** Which chain and contracts the page is about, and where else they can be asked about. */
export function Footer() {
  const { data } = useAsk(contractsQuery, {});
  const protocol = data?.protocols.items[0];
  const modules = data?.settlementModules.items.map(({ address }) => address) ?? [];
  return (
    <footer className="foot content small dim">
      {protocol && (
        <>
          <span>Chain {protocol.chainId}</span>
          <Contract name="OPG" address={protocol.opg} />
          <Contract name="Settlement" address={protocol.settlement} />
          <Contract name="Node registry" address={protocol.nodeRegistry} />
          {modules
            .filter((address) => address !== protocol.settlement)
            .map((address) => (
              <Contract key={address} name="Settlement module" address={address} />
            ))}
        </>
      )}
      <Anchor inherit href="/graphql">
        GraphQL
      </Anchor>
      <Anchor inherit href="/openapi.json">
        REST API
      </Anchor>
    </footer>
  );
}

function Contract({ name, address }: { readonly name: string; readonly address: string }) {
  return (
    <span className="id">
      {name}&nbsp;
      <Id value={address} what={`address of ${name}`} />
    </span>
  );
}
