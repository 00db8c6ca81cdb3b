import type { BaseLocationHook } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";

const parts = (location: string) => location.split("?", 2);

function navigate(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", `#${to}`);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/** The page's address behind its #: a path, and what is asked behind a ?. wouter's own puts the latter before the #. */
export const useAddress: BaseLocationHook = () => [parts(useHashLocation()[0])[0] ?? "/", navigate];
useAddress.searchHook = () => parts(useHashLocation()[0])[1] ?? "";
useAddress.hrefs = (path) => `#${path}`;
