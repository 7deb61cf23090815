import { X509Certificate } from "node:crypto";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import * as tls from "node:tls";
import { HttpsProxyAgent } from "https-proxy-agent";
import { usageError } from "../core/errors.ts";
import { bare, isLoopback } from "./loopback.ts";

/** How every client of keygrant gets out: a pair for `got`, for the AWS SDK's `NodeHttpHandler`, for all others. */
export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
  /** Closes the connections that are kept open for the next call. */
  destroy(): void;
}

export interface AgentSettings {
  /** The environment that the proxy settings are read from: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in either case. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>>;
  /** Certificates (PEM, one or several) to trust besides those that Node trusts already. */
  readonly ca?: string | undefined;
}

/**
 * One place for proxies and private certificate authorities. Both agents keep connections alive and decide for each
 * host whether a proxy is in between, so one pair serves clients that talk to several hosts. No I/O.
 */
export function createAgents(settings: AgentSettings): Agents {
  const ca = settings.ca === undefined ? undefined : trusted(settings.ca);
  const plain = agentFor("http", settings.proxyEnv, undefined);
  const secure = agentFor("https", settings.proxyEnv, ca);
  return {
    http: plain,
    // Only by type: HttpsProxyAgent is an http.Agent that does what an https.Agent does.
    https: secure as https.Agent,
    destroy() {
      plain.destroy();
      secure.destroy();
    },
  };
}

function agentFor(
  scheme: "http" | "https",
  env: AgentSettings["proxyEnv"],
  ca: readonly string[] | undefined,
): http.Agent {
  const proxy = proxySetting(scheme, env);
  if (proxy !== null) return new ProxyAgent(proxy, scheme, env, ca);
  const options = { keepAlive: true, ...(ca === undefined ? {} : { ca: [...ca] }) };
  return scheme === "https" ? new https.Agent(options) : new http.Agent({ keepAlive: true });
}

/** Goes through the proxy by CONNECT, to plain http as well, or straight to the hosts that are exempt. */
class ProxyAgent extends HttpsProxyAgent<string> {
  readonly #scheme: "http" | "https";
  readonly #env: AgentSettings["proxyEnv"];
  readonly #ca: readonly string[] | undefined;

  constructor(proxy: URL, scheme: "http" | "https", env: AgentSettings["proxyEnv"], ca: readonly string[] | undefined) {
    // This `ca` is for the way to the proxy; the one for the host behind it goes into `connect`.
    super(proxy, { keepAlive: true, ...(ca === undefined ? {} : { ca: [...ca] }) });
    this.#scheme = scheme;
    this.#env = env;
    this.#ca = ca;
  }

  /** Known here, where the base class would have to read it off a stack trace. */
  override isSecureEndpoint(): boolean {
    return this.#scheme === "https";
  }

  override connect(...[request, options]: Parameters<HttpsProxyAgent<string>["connect"]>): Promise<net.Socket> {
    const trusting = options.secureEndpoint && this.#ca !== undefined ? { ...options, ca: [...this.#ca] } : options;
    const host = trusting.host ?? "localhost";
    const authority = host.includes(":") ? `[${host}]` : host;
    if (proxyFor(`${this.#scheme}://${authority}:${trusting.port}`, this.#env) !== null) {
      return super.connect(request, trusting);
    }
    return Promise.resolve(trusting.secureEndpoint ? tls.connect(trusting) : net.connect(trusting));
  }
}

/**
 * The proxy that stands between here and `url`; null for none. Written here because `proxy-from-env` reads
 * `process.env` only, and knows neither address ranges nor loopback.
 */
export function proxyFor(url: string, env: AgentSettings["proxyEnv"]): URL | null {
  const { protocol, hostname, port } = new URL(url);
  const scheme = protocol === "https:" ? "https" : "http";
  if (isLoopback(hostname)) return null;
  if (isExempt(hostname, port || DEFAULT_PORTS[scheme], setting(env, "no_proxy"))) return null;
  return proxySetting(scheme, env);
}

const DEFAULT_PORTS = { http: "80", https: "443" } as const;

function proxySetting(scheme: "http" | "https", env: AgentSettings["proxyEnv"]): URL | null {
  const name = `${scheme}_proxy`;
  const value = setting(env, name);
  if (value === "") return null;
  // Without a scheme it is http, as curl has it.
  const url = URL.parse(value.includes("://") ? value : `http://${value}`);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    // The value stays unsaid: it may hold a password.
    throw usageError(
      "network.bad-proxy",
      `${name.toUpperCase()} is not the address of an HTTP proxy.`,
      "Set it to something like http://proxy.example.com:3128; other kinds of proxies (SOCKS) are not supported.",
    );
  }
  return url;
}

function setting(env: AgentSettings["proxyEnv"], name: string): string {
  return (env[name] || env[name.toUpperCase()] || "").trim();
}

/** Entries as curl and Go read them: `*`, hosts (with all their subdomains), `.suffix`, `host:port`, addresses, ranges. */
function isExempt(hostname: string, port: string, noProxy: string): boolean {
  const host = bare(hostname);
  return noProxy.split(/[,\s]+/).some((entry) => entry !== "" && exempts(entry.toLowerCase(), host, port));
}

function exempts(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const range = /^(.+)\/(\d{1,3})$/.exec(entry);
  if (range !== null) return inRange(host, bare(range[1] ?? ""), Number(range[2]));
  if (net.isIP(bare(entry)) !== 0) return bare(entry) === host;
  const [, name = "", onlyPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const suffix = bare(name).replace(/^\*?\./, ".");
  return suffix.startsWith(".") ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function inRange(host: string, network: string, bits: number): boolean {
  const family = net.isIP(network);
  if (family === 0 || net.isIP(host) !== family || bits > (family === 4 ? 32 : 128)) return false;
  const list = new net.BlockList();
  list.addSubnet(network, bits, family === 4 ? "ipv4" : "ipv6");
  return list.check(host, family === 4 ? "ipv4" : "ipv6");
}

/** Node's own roots, then the private ones: TLS takes a `ca` as *the* list, so leaving the first out would replace them. */
function trusted(pem: string): readonly string[] {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0 || !certificates.every(isCertificate)) {
    throw usageError(
      "network.bad-ca",
      "The file with private CA certificates does not hold certificates in PEM form.",
      'Point it at a file with one or more "-----BEGIN CERTIFICATE-----" blocks.',
    );
  }
  return [...tls.getCACertificates("default"), ...certificates];
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
