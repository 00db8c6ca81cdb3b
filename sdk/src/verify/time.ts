/** A time as people read it. @param seconds Unix time. */
export const time = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(".000", "");
