/** Files' texts, of which Vite tells the dashboard itself: here for tests, which import what imports them for its types. */
declare module "*.graphql?raw";
