interface Client {
  readonly middlewareStack: unknown;
  readonly config: unknown;
}

/** As much of a class of the SDK's commands as sending one takes. */
type CommandClass<C extends Client, Input, Output> = new (
  input: Input,
) => {
  resolveMiddleware(
    stack: C["middlewareStack"],
    config: C["config"],
    options: { readonly abortSignal?: AbortSignal },
  ): Sends<Input, Output>;
};
type Sends<Input, Output> = (command: { readonly input: Input }) => Promise<{ readonly output: Output }>;

/** What a client does with a command, by signal and by the command's class. It goes when the client or the signal goes. */
const known = new WeakMap<Client, WeakMap<AbortSignal, Map<unknown, Sends<never, unknown>>>>();

/**
 * Sends a command. What the SDK does around it, some twenty steps that it puts in order, is put together once for all
 * commands of the class, as its own `cacheMiddleware` does where no signal is passed. Nothing of an input stays in it.
 */
export async function send<C extends Client, Input extends object, Output>(
  client: C,
  Command: CommandClass<C, Input, Output>,
  input: Input,
  signal: AbortSignal | undefined,
): Promise<Output> {
  const { output } = await sends(client, Command, signal)({ input });
  return output;
}

function sends<C extends Client, Input extends object, Output>(
  client: C,
  Command: CommandClass<C, Input, Output>,
  signal: AbortSignal | undefined,
): Sends<Input, Output> {
  const { middlewareStack, config } = client;
  const blank = () => new Command({} as Input);
  if (signal === undefined) return blank().resolveMiddleware(middlewareStack, config, {});
  const bySignal = known.get(client) ?? new WeakMap<AbortSignal, Map<unknown, Sends<never, unknown>>>();
  known.set(client, bySignal);
  const byClass = bySignal.get(signal) ?? new Map<unknown, Sends<never, unknown>>();
  bySignal.set(signal, byClass);
  const made = byClass.get(Command) as Sends<Input, Output> | undefined;
  const sending = made ?? blank().resolveMiddleware(middlewareStack, config, { abortSignal: signal });
  byClass.set(Command, sending as Sends<never, unknown>);
  return sending;
}
