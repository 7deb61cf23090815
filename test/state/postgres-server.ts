import { execFile, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { access, appendFile, chmod, chown, constants, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** A real PostgreSQL of this machine's packages, on loopback, in a folder of its own, gone when the test is. */
export interface PostgresServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** `postgres://…` with user and password; `database` is one that is there (default `postgres`). */
  url(options?: { readonly database?: string; readonly parameters?: Readonly<Record<string, string>> }): string;
  stop(): Promise<void>;
}

/** Why there can be no server here; null when there can. A suite says it in its name when it skips. */
export async function whyNoPostgres(): Promise<string | null> {
  if ((await programs()) === null) return "no PostgreSQL server (initdb, postgres) on this machine";
  if (process.getuid?.() === 0 && serverUser() === null) return "PostgreSQL refuses to run as root, and no other user";
  return null;
}

export interface PostgresOptions {
  /** The certificate and the key (paths) with which it speaks TLS too; without it speaks none. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** Starts one. What it keeps is for tests alone: nothing is written through to the disk. */
export async function startPostgres({ tls }: PostgresOptions = {}): Promise<PostgresServer> {
  const bin = await programs();
  if (bin === null) throw new Error("no PostgreSQL here: ask whyNoPostgres first");
  const folder = await mkdtemp(join(tmpdir(), "keygrant-postgres-"));
  const as = process.getuid?.() === 0 ? serverUser() : null;
  await chmod(folder, 0o700);
  const [user, password] = ["keeper", "a-password-that-must-not-be-said"];
  await writeFile(join(folder, "password"), `${password}\n`);
  if (as !== null) for (const path of [folder, join(folder, "password")]) await chown(path, as.uid, as.gid);
  const env = { PATH: process.env["PATH"], LC_ALL: "C" };
  const data = join(folder, "data");
  const how = ["-D", data, "-U", user, "--auth=scram-sha-256", "--pwfile", join(folder, "password"), "--no-sync"];
  await promisify(execFile)(join(bin, "initdb"), [...how, "--encoding=UTF8"], { ...as, env, cwd: folder });

  if (tls !== undefined) await speakTls(tls, data, as);
  const { port, stop } = await launch(join(bin, "postgres"), folder, data, { ...as, env, cwd: folder });
  let ending: Promise<void> | null = null;
  const end = () => {
    ending ??= stop().then(() => rm(folder, { recursive: true, force: true }));
    return ending;
  };
  return {
    host: "127.0.0.1",
    port,
    user,
    password,
    url: ({ database = "postgres", parameters = {} } = {}) => {
      const query = new URLSearchParams(parameters).toString().replaceAll("+", "%20");
      return `postgres://${user}:${password}@127.0.0.1:${port}/${database}${query === "" ? "" : `?${query}`}`;
    },
    stop: end,
    [Symbol.asyncDispose]: end,
  };
}

async function speakTls(tls: NonNullable<PostgresOptions["tls"]>, data: string, as: ServerUser | null): Promise<void> {
  for (const [from, to] of [
    [tls.certificate, "server.crt"],
    [tls.key, "server.key"],
  ] as const) {
    await copyFile(from, join(data, to));
    await chmod(join(data, to), 0o600);
    if (as !== null) await chown(join(data, to), as.uid, as.gid);
  }
  await appendFile(join(data, "postgresql.conf"), "ssl = on\n");
}

interface Launched {
  readonly port: number;
  stop(): Promise<void>;
}

/** Somebody else may take a port that was free a moment ago: then another one. */
async function launch(program: string, folder: string, data: string, how: SpawnOptions, tries = 3): Promise<Launched> {
  const port = await freePort();
  const options = { listen_addresses: "127.0.0.1", port, unix_socket_directories: folder, fsync: "off" };
  const settings = Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // The shell ends the server when this process is gone, however it went: its standard input closes then.
  const script = '"$@" & server=$!; cat >/dev/null; kill -INT "$server"; wait "$server"';
  const shell = spawn("sh", ["-c", script, "sh", program, "-D", data, ...settings], { ...how, stdio: "pipe" });
  const exited = once(shell, "exit");
  const stop = async () => {
    shell.stdin.end();
    await exited;
  };
  shell.stdout.resume();
  try {
    await untilReady(shell.stderr);
    return { port, stop };
  } catch (error) {
    await stop();
    if (tries === 1 || !/could not bind|lock file/.test(String(error))) throw error;
    return launch(program, folder, data, how, tries - 1);
  }
}

/** Resolves with the server's own word, and goes on reading, so that the server never waits for a reader. */
async function untilReady(log: NodeJS.ReadableStream): Promise<void> {
  const said: string[] = [];
  const lines = createInterface({ input: log });
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => {
      said.push(line);
      if (line.includes("ready to accept connections")) resolve();
      // The shell waits for us, whatever became of the server.
      if (/FATAL|could not/.test(line)) reject(new Error(said.join("\n")));
    });
    lines.on("close", () => reject(new Error(said.join("\n"))));
  });
}

/** The folder of the newest server's programs. */
async function programs(): Promise<string | null> {
  const path = (process.env["PATH"] ?? "").split(delimiter);
  for (const folder of [...debianFolders(), ...path])
    if ((await isProgram(join(folder, "postgres"))) && (await isProgram(join(folder, "initdb")))) return folder;
  return null;
}

function debianFolders(): readonly string[] {
  const root = "/usr/lib/postgresql";
  try {
    const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(root, version, "bin"));
  } catch {
    return [];
  }
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Who the server may be when we are root, as which it refuses to run. */
function serverUser(): ServerUser | null {
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
