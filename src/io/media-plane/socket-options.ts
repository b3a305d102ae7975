import { addon } from "./native.ts";

/**
 * Sets the class of service (DSCP, 0–63) of an open socket by its descriptor, which Node has in
 * `_handle.fd`. Best effort: false when the kernel refuses.
 */
export const setDscp = (fd: number, family: 4 | 6, dscp: number): boolean =>
  addon().setDscp(fd, family, dscp);
