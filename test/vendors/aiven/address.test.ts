import { describe, expect, test } from "vitest";
import { address, authorization, segment } from "../../../src/vendors/aiven/address.ts";

describe("the vendor's address", () => {
  test.each<[string | undefined, string]>([
    [undefined, "https://api.aiven.io"],
    ["https://api.aiven.io", "https://api.aiven.io"],
    ["https://api.aiven.io/", "https://api.aiven.io"],
    ["HTTPS://API.aiven.io:443", "https://api.aiven.io"],
    ["https://gateway.example.com/aiven/", "https://gateway.example.com/aiven"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["http://localhost:8080", "http://localhost:8080"],
    ["http://[::1]:8080", "http://[::1]:8080"],
  ])("%s is taken as %s", (webUrl, base) => {
    expect(address(webUrl)).toBe(base);
  });

  test.each<[string, string]>([
    ["http://api.aiven.io", "vendor.insecure-address"],
    ["http://localhost.example.com", "vendor.insecure-address"],
    ["http://127.0.0.1.example.com", "vendor.insecure-address"],
    ["ftp://api.aiven.io", "vendor.insecure-address"],
    ["file:///etc/passwd", "vendor.insecure-address"],
    ["https://me:hunter2@api.aiven.io", "vendor.insecure-address"],
    ["https://me@api.aiven.io", "vendor.insecure-address"],
    ["api.aiven.io", "vendor.bad-address"],
    ["", "vendor.bad-address"],
    ["https://api.aiven.io/v1", "vendor.bad-address"],
    ["https://api.aiven.io/v1/", "vendor.bad-address"],
    ["https://api.aiven.io?x=1", "vendor.bad-address"],
    ["https://api.aiven.io/#x", "vendor.bad-address"],
  ])("%s is refused: %s", (webUrl, code) => {
    expect(() => address(webUrl)).toThrow(expect.objectContaining({ kind: "usage", code }));
    expect(() => address(webUrl)).not.toThrow(/hunter2/);
  });
});

test.each(["", "two\nlines", "a b", "käse", "x\u0000", "x".repeat(10_001)])("no token: %j", (token) => {
  expect(() => authorization(token)).toThrow(expect.objectContaining({ code: "vendor.bad-token" }));
  if (token !== "") expect(() => authorization(token)).not.toThrow(token);
});

test("a token travels as both official clients send it", () => {
  expect(authorization("abc+/=.DEF")).toBe("aivenv1 abc+/=.DEF");
});

describe("a part of a path", () => {
  test.each([
    ["demo", "demo"],
    ["a/b?c#d", "a%2Fb%3Fc%23d"],
    ["../x", "..%2Fx"],
    ["%2e%2e", "%252e%252e"],
    ["grüße", "gr%C3%BC%C3%9Fe"],
  ])("%s is sent as %s", (value, encoded) => {
    expect(segment("project", value)).toBe(encoded);
  });

  test.each(["", ".", "..", "\ud800", "x".repeat(501)])("%j is refused", (value) => {
    expect(() => segment("project", value)).toThrow(expect.objectContaining({ code: "vendor.bad-name" }));
  });
});
