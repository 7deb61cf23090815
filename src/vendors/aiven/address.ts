import { usageError } from "../../core/errors.ts";
import { plainText, withoutTrailing } from "../../core/text.ts";
import { isLoopback } from "../../io/loopback.ts";

const DEFAULT_ADDRESS = "https://api.aiven.io";

/**
 * The address that every path is appended to. The token goes there, so it has to be https, or a place that only this
 * machine can be.
 */
export function address(webUrl: string | undefined): string {
  const text = webUrl ?? DEFAULT_ADDRESS;
  const url = URL.parse(text);
  if (url === null || url.search !== "" || url.hash !== "" || /\/v1\/?$/.test(url.pathname)) {
    throw usageError(
      "vendor.bad-address",
      "The vendor's address is not the origin of an API.",
      `Set AIVEN_WEB_URL to something like ${DEFAULT_ADDRESS}, without /v1 at its end, or leave it out.`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw usageError(
      "vendor.insecure-address",
      "The vendor's address holds a user name or password.",
      "Take it out of AIVEN_WEB_URL: the token comes from AIVEN_AUTH_TOKEN.",
    );
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) {
    throw usageError(
      "vendor.insecure-address",
      `The vendor's address ${plainText(url.origin, 200)} is not https: the token would travel in the clear.`,
      "Use an https address; http is only for loopback (the sandbox).",
    );
  }
  return url.origin + withoutTrailing(url.pathname, "/");
}

/** As both official clients send it. The token must fit into a header; the message does not show it. */
export function authorization(token: string): string {
  if (!/^[\x21-\x7e]{1,10000}$/.test(token)) {
    throw usageError(
      "vendor.bad-token",
      token === "" ? "The Aiven token is empty." : "The Aiven token holds characters that no token has.",
      "Set AIVEN_AUTH_TOKEN to the token alone, on one line, or log in with `avn user login`.",
    );
  }
  return `aivenv1 ${token}`;
}

/** One part of a path. `.` and `..` cannot be escaped in a URL: they would point the call at something else. */
export function segment(what: string, value: string): string {
  if (value === "" || value === "." || value === ".." || value.length > 500 || !value.isWellFormed()) {
    throw usageError(
      "vendor.bad-name",
      `"${plainText(value, 60)}" cannot be the name of a ${what} at Aiven.`,
      `Check the ${what} that was given.`,
    );
  }
  return encodeURIComponent(value);
}
