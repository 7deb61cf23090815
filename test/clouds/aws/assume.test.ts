import { describe, expect, it } from "vitest";
import { assumedCredentials } from "../../../src/clouds/aws/assume.ts";
import type { StsPort } from "../../../src/clouds/aws/kms.ts";
import { fakeClock } from "../../core/fakes.ts";

const ROLE = "arn:aws:iam::111122223333:role/keygrant-audit";
const HOUR = 3_600_000;

function scene(fail: () => Error | null = () => null) {
  const clock = fakeClock();
  const asked: string[] = [];
  const sts = (region: string): StsPort => ({
    getCallerIdentity: async () => ({}),
    async assumeRole({ RoleArn }) {
      asked.push(`${RoleArn} in ${region}`);
      const error = fail();
      if (error !== null) throw error;
      const Expiration = new Date(clock.now().getTime() + HOUR);
      return {
        Credentials: { AccessKeyId: `key ${asked.length}`, SecretAccessKey: "s", SessionToken: "t", Expiration },
      };
    },
  });
  return { clock, asked, credentials: assumedCredentials({ role: ROLE, clock, sts }) };
}

describe("the credentials of a role", () => {
  it("are fetched once for all clients, and say when they end", async () => {
    const { asked, credentials, clock } = scene();
    const [one, two] = await Promise.all([credentials("eu-west-1")(), credentials("us-east-1")()]);
    expect(one).toEqual(two);
    expect(one.expiration.getTime()).toBe(clock.now().getTime() + HOUR);
    expect(asked).toEqual([`${ROLE} in eu-west-1`]);
  });

  it("are fetched again shortly before they end", async () => {
    const { asked, credentials, clock } = scene();
    await credentials("eu-west-1")();
    clock.advance(HOUR - 6 * 60_000);
    expect((await credentials("eu-west-1")()).accessKeyId).toBe("key 1");
    clock.advance(2 * 60_000);
    expect((await credentials("eu-west-1")()).accessKeyId).toBe("key 2");
    expect(asked).toHaveLength(2);
  });

  it("that were refused name the role; what passes stays what it is; both are asked for again", async () => {
    const refused = Object.assign(new Error("not authorized"), { name: "AccessDenied" });
    const cut = Object.assign(new Error("reset"), { code: "ECONNRESET" });
    const errors: (Error | null)[] = [refused, cut, null];
    const { credentials } = scene(() => errors.shift() ?? null);
    await expect(credentials("eu-west-1")()).rejects.toMatchObject({ name: "RoleNotAssumed", cause: refused });
    await expect(credentials("eu-west-1")()).rejects.toBe(cut);
    expect((await credentials("eu-west-1")()).secretAccessKey).toBe("s");
  });
});
