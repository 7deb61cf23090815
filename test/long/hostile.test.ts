/** The properties of test/hostile, each with many more cases than `npm test` has time for. */
process.env["KEYGRANT_PROPERTY_RUNS"] ??= "300";

await import("../hostile/answers.test.ts");
await import("../hostile/arguments.test.ts");
await import("../hostile/files.test.ts");

export {};
