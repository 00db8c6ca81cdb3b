import { SegmentedControl } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { createContext, use } from "react";

type Choice = "gross" | "net";
const Context = createContext<readonly [Choice, (choice: Choice) => void]>(["gross", () => {}]);

/** Keeps the choice between gross and net figures for all views, and for the next visit. */
export function NetProvider({ children }: { readonly children: React.ReactNode }) {
  const [choice, choose] = useLocalStorage<Choice>({
    key: "opg-figures",
    defaultValue: "gross",
    getInitialValueInEffect: false,
  });
  return <Context value={[choice, choose]}>{children}</Context>;
}

/** Whether figures leave out self-dealing. */
export function useNet(): boolean {
  return use(Context)[0] === "net";
}

/** The choice itself. */
export function NetToggle() {
  const [choice, choose] = use(Context);
  return (
    <SegmentedControl
      size="xs"
      value={choice}
      onChange={(value) => choose(value === "net" ? "net" : "gross")}
      aria-label="Figures with or without self-dealing"
      data={[
        { value: "gross", label: "Gross" },
        { value: "net", label: "Net of self-dealing" },
      ]}
    />
  );
}
