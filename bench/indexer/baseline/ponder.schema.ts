/** No tables. */
export {};
