import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** The one accent: petrol, dark enough for text on white and, from its light end, for text on the dark ground. */
const petrol: MantineColorsTuple = [
  "#e8f6f9",
  "#d3e9ee",
  "#a6d3dd",
  "#76bccb",
  "#50a9bc",
  "#389db3",
  "#1f8ba2",
  "#117489",
  "#0e6377",
  "#074f60",
];

/** A cool grey ground, calmer than the default and with more contrast between its steps. */
const dark: MantineColorsTuple = [
  "#dfe5e9",
  "#b9c3ca",
  "#98a4ad",
  "#6b7882",
  "#3a444c",
  "#2a333a",
  "#1b2227",
  "#12181c",
  "#0d1215",
  "#080b0d",
];

export const theme = createTheme({
  primaryColor: "petrol",
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  colors: { petrol, dark },
  defaultRadius: "md",
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.625rem", lineHeight: "1.25" },
      h2: { fontSize: "1rem", lineHeight: "1.4" },
      h3: { fontSize: "0.875rem", lineHeight: "1.4" },
    },
  },
  cursorType: "pointer",
  respectReducedMotion: true,
});

/** Greys that keep 4.5:1 where Mantine's own do not (WCAG 2.2, 1.4.3), and the colours that the views share. */
export const resolveVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f6f8f9",
    "--mantine-color-text": "#172026",
    "--mantine-color-dimmed": "#55626c",
    "--mantine-color-anchor": "#0e6377",
    "--mantine-color-placeholder": "#64717b",
    "--mantine-color-error": "#b3261e",
    "--opg-surface": "#ffffff",
    "--opg-line": "#e1e6ea",
    "--opg-hover": "#f1f5f7",
    "--opg-accent": "#0e6377",
    "--opg-accent-soft": "#d9ecf0",
    "--opg-quiet": "#94a2ac",
    "--opg-good": "#1f7a3d",
    "--opg-wait": "#946200",
    "--opg-bad": "#b3261e",
    "--opg-bad-soft": "#fcebe9",
    "--opg-wait-soft": "#fdf3dd",
    "--opg-good-soft": "#e5f4ea",
  },
  dark: {
    "--mantine-color-body": "#12181c",
    "--mantine-color-text": "#e3e9ec",
    "--mantine-color-dimmed": "#9fabb4",
    "--mantine-color-anchor": "#76bccb",
    "--mantine-color-placeholder": "#8a97a1",
    "--mantine-color-error": "#f2918a",
    "--opg-surface": "#192025",
    "--opg-line": "#2a333a",
    "--opg-hover": "#20282e",
    "--opg-accent": "#5fb8ca",
    "--opg-accent-soft": "#1d3b44",
    "--opg-quiet": "#6f7d87",
    "--opg-good": "#6cc68a",
    "--opg-wait": "#e0ad4a",
    "--opg-bad": "#f2918a",
    "--opg-bad-soft": "#3a2220",
    "--opg-wait-soft": "#352b17",
    "--opg-good-soft": "#1a3223",
  },
});
