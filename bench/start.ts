import { type Bench, interleaved, KEYGRANT, median, type Target, table, well } from "./kit.ts";

const ROLE = "role_arn=arn:aws:iam::123456789012:role/aiven-cmk-anchor";
const COMMANDS = [["--version"], ["policy", "--cloud", "aws", "--accessor", ROLE], ["--help"]] as const;
const PROMISED = 2;

interface Spent {
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** How long a command takes that asks nobody. */
export const bench: Bench = {
  title: "Start",
  method: [
    "`node -e 0` and each command, as processes of the same Node, in turn; CPU time, user and system, as the shell measures it, and",
    "wall time. `--help` is listed for comparison: it loads every command, and no SDK.",
  ].join("\n"),
  async run({ runs, smoke }) {
    const times = smoke ? 1 : 3 * runs;
    const all = await interleaved(
      times,
      [["-e", "0"], ...COMMANDS.map((one) => [...KEYGRANT, ...one])].map((args) => () => spent(args)),
    );
    const medians = all.map((one) => ({
      cpuMs: median(one.map((it) => it.cpuMs)),
      wallMs: median(one.map((it) => it.wallMs)),
    }));
    const [bare, ...ours] = medians;
    const against = (one: Spent | undefined, what: keyof Spent) => (one?.[what] ?? 0) / (bare?.[what] ?? 0);
    const names = COMMANDS.map(([name]) => `keygrant ${name}`);
    const targets = names.slice(0, PROMISED).map((name, index): Target => {
      return {
        what: `${name}, CPU ÷ \`node -e 0\``,
        measured: against(ours[index], "cpuMs"),
        limit: 1.6,
        must: "at most",
        unit: "×",
      };
    });
    const rows = ["node -e 0", ...names].map((name, index) => {
      const one = medians[index];
      return [name, one?.cpuMs.toFixed(0) ?? "", one?.wallMs.toFixed(0) ?? "", against(one, "wallMs").toFixed(2)];
    });
    return { targets, more: [table(["command", "CPU, ms", "wall, ms", "wall ÷ `node -e 0`"], rows)] };
  },
};

async function spent(args: readonly string[]): Promise<Spent> {
  const script = 'TIMEFORMAT="%U %S %R"; time "$@" >/dev/null 2>/dev/null';
  const { stderr } = await well("bash", ["-c", script, "time", process.execPath, ...args], { LC_ALL: "C" });
  const [user = 0, system = 0, real = 0] = stderr.trim().split(" ").map(Number);
  return { cpuMs: (user + system) * 1_000, wallMs: real * 1_000 };
}
